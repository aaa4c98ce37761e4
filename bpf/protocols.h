/* The numbers by which headers say what comes next, as far as TCP may come after
 * them. One table for the BPF programs, which select frames, and for userspace/wire/,
 * which opens them; tests/bpf/parity_test.cpp holds both together. Plain C that is
 * valid C++ too. */
#ifndef XDPCAP_BPF_PROTOCOLS_H
#define XDPCAP_BPF_PROTOCOLS_H

/* Ethernet (https://www.iana.org/assignments/ieee-802-numbers). */
enum xdpcap_ethertype {
  XDPCAP_ETHERTYPE_LENGTH_MAX = 1500, /* up to here it is a length, and LLC follows */
  XDPCAP_ETHERTYPE_IPV4 = 0x0800,
  XDPCAP_ETHERTYPE_ARP = 0x0806,
  XDPCAP_ETHERTYPE_ETHERNET = 0x6558, /* transparent bridging */
  XDPCAP_ETHERTYPE_VLAN = 0x8100,     /* 802.1Q */
  XDPCAP_ETHERTYPE_IPV6 = 0x86dd,
  XDPCAP_ETHERTYPE_PPP = 0x880b,
  XDPCAP_ETHERTYPE_MPLS = 0x8847,
  XDPCAP_ETHERTYPE_MPLS_MULTICAST = 0x8848,
  XDPCAP_ETHERTYPE_PPPOE = 0x8864, /* its session stage */
  XDPCAP_ETHERTYPE_QINQ = 0x88a8,  /* 802.1ad */
  XDPCAP_ETHERTYPE_PBB = 0x88e7,   /* MAC in MAC, 802.1ah */
  XDPCAP_ETHERTYPE_NSH = 0x894f,
  XDPCAP_ETHERTYPE_QINQ_9100 = 0x9100, /* these three: as used before 802.1ad */
  XDPCAP_ETHERTYPE_QINQ_9200 = 0x9200,
  XDPCAP_ETHERTYPE_QINQ_9300 = 0x9300,
};

/* IEEE 802.2 with SNAP (RFC 1042): 0xaa 0xaa 0x03, an organisation, an ethertype. */
enum xdpcap_snap {
  XDPCAP_SNAP_ETHERTYPES = 0x000000,
  XDPCAP_SNAP_BRIDGED = 0x0000f8, /* 802.1H */
};

/* IP (https://www.iana.org/assignments/protocol-numbers). */
enum xdpcap_protocol {
  XDPCAP_PROTOCOL_HOP_BY_HOP = 0,
  XDPCAP_PROTOCOL_IPV4 = 4,
  XDPCAP_PROTOCOL_TCP = 6,
  XDPCAP_PROTOCOL_UDP = 17,
  XDPCAP_PROTOCOL_IPV6 = 41,
  XDPCAP_PROTOCOL_ROUTING = 43,
  XDPCAP_PROTOCOL_FRAGMENT = 44,
  XDPCAP_PROTOCOL_GRE = 47,
  XDPCAP_PROTOCOL_AUTHENTICATION = 51, /* over IPv4 too */
  XDPCAP_PROTOCOL_DESTINATION = 60,
  XDPCAP_PROTOCOL_ETHERIP = 97,
  XDPCAP_PROTOCOL_MOBILITY = 135,
  XDPCAP_PROTOCOL_MPLS = 137,
  XDPCAP_PROTOCOL_HOST_IDENTITY = 139,
  XDPCAP_PROTOCOL_SHIM6 = 140,
};

/* UDP (https://www.iana.org/assignments/service-names-port-numbers). */
enum xdpcap_port {
  XDPCAP_PORT_GTP_U = 2152,  /* answered from, too */
  XDPCAP_PORT_TEREDO = 3544, /* answered from, too */
  XDPCAP_PORT_GRE = 4754,
  XDPCAP_PORT_VXLAN = 4789,
  XDPCAP_PORT_VXLAN_GPE = 4790,
  XDPCAP_PORT_GENEVE = 6081,
  XDPCAP_PORT_MPLS = 6635,
  XDPCAP_PORT_VXLAN_LINUX = 8472, /* Linux's before there was a number, and still */
};

#endif
