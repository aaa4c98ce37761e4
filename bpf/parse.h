/* Bounds-checked reading of a frame down to its TCP ports, for XDP and tc alike.
 * Only linux/ *.h: <xdp/parsing_helpers.h> does not build for -target bpf here. */
#ifndef XDPCAP_BPF_PARSE_H
#define XDPCAP_BPF_PARSE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "protocols.h"
#include "shared.h"

#define VLAN_TAGS_MAX 4
#define IPV6_EXTENSIONS_MAX 8
#define EXTENSION_BYTES_MASK 0xfff /* tells the verifier what 255 units come to at most */

/* Where reading stands. `at` only moves forward, and only past checked bytes. */
struct cursor {
  void* at;
  void* end;
};

enum found {
  FOUND_NOT_IP,
  FOUND_NOT_TCP,
  FOUND_MALFORMED,
  FOUND_TCP,      /* addresses and ports are known */
  FOUND_FRAGMENT, /* of TCP, not the first: addresses only */
  FOUND_TUNNEL,   /* addresses of the outer header where there is one */
  FOUND_DEEP, /* no tunnel, and more headers than are read here: as a tunnel, but never switched off
               */
  FOUND_UDP,  /* of no tunnel's port: addresses and ports are known */
  FOUND_UDP_LATER /* a fragment of UDP, not the first: addresses only */
};

struct packet {
  __u32 source[4]; /* network byte order; IPv4 uses word 0 */
  __u32 destination[4];
  __u16 source_port; /* host byte order */
  __u16 destination_port;
  __u8 version;  /* 4, 6, or 0: no IP header was read */
  __u8 fragment; /* any fragment, the first one too */
  __u8 protocol; /* what follows the IP headers */
};

struct vlan_tag {
  __be16 control;
  __be16 next;
};

/* What all IPv6 extension headers have in their first eight bytes (RFC 8200, 4.3 ff.). */
struct extension {
  __u8 next;
  __u8 length; /* see extension_shape */
  __be16
      fragment_offset; /* fragment header only: 13 bits of offset, 2 reserved, 1 more-fragments */
  __be32 rest;
};

#define TAKE(cursor, type)                  \
  ({                                        \
    type* taken = (cursor)->at;             \
    if ((void*)(taken + 1) > (cursor)->end) \
      taken = 0;                            \
    else                                    \
      (cursor)->at = taken + 1;             \
    taken;                                  \
  })

static __always_inline int is_vlan(__u16 type) {
  return type == XDPCAP_ETHERTYPE_VLAN || type == XDPCAP_ETHERTYPE_QINQ ||
         type == XDPCAP_ETHERTYPE_QINQ_9100 || type == XDPCAP_ETHERTYPE_QINQ_9200 ||
         type == XDPCAP_ETHERTYPE_QINQ_9300;
}

static __always_inline int answers_from(__u16 port) {
  return port == XDPCAP_PORT_GTP_U || port == XDPCAP_PORT_TEREDO;
}
static __always_inline int is_tunnel_port(__u16 port) {
  return port == XDPCAP_PORT_VXLAN || port == XDPCAP_PORT_VXLAN_LINUX ||
         port == XDPCAP_PORT_VXLAN_GPE || port == XDPCAP_PORT_GENEVE || port == XDPCAP_PORT_GRE ||
         port == XDPCAP_PORT_MPLS || answers_from(port);
}

/* What the payload of the IP packet is. A fragment that is not the first has no
 * ports; one of UDP may continue a tunnel datagram, which cannot be seen here (classify_udp). */
static __always_inline int parse_transport(struct cursor* c, struct packet* p, int later_fragment) {
  switch (p->protocol) {
    case XDPCAP_PROTOCOL_TCP: {
      struct tcphdr* tcp;

      if (later_fragment) return FOUND_FRAGMENT;
      tcp = TAKE(c, struct tcphdr);
      if (!tcp) return p->fragment ? FOUND_FRAGMENT : FOUND_MALFORMED;
      p->source_port = bpf_ntohs(tcp->source);
      p->destination_port = bpf_ntohs(tcp->dest);
      return FOUND_TCP;
    }
    case XDPCAP_PROTOCOL_UDP: {
      struct udphdr* udp;

      if (later_fragment) return FOUND_UDP_LATER;
      udp = TAKE(c, struct udphdr);
      if (!udp) return p->fragment ? FOUND_UDP_LATER : FOUND_MALFORMED;
      p->source_port = bpf_ntohs(udp->source);
      p->destination_port = bpf_ntohs(udp->dest);
      return is_tunnel_port(p->destination_port) || answers_from(p->source_port) ? FOUND_TUNNEL
                                                                                 : FOUND_UDP;
    }
    case XDPCAP_PROTOCOL_GRE:
    case XDPCAP_PROTOCOL_IPV4:
    case XDPCAP_PROTOCOL_IPV6:
    case XDPCAP_PROTOCOL_MPLS:
    case XDPCAP_PROTOCOL_ETHERIP:
      return FOUND_TUNNEL;
    case XDPCAP_PROTOCOL_AUTHENTICATION: /* over IPv4; IPv6 has read it */
      return FOUND_DEEP;
    default:
      return FOUND_NOT_TCP;
  }
}

static __always_inline int parse_ipv4(struct cursor* c, struct packet* p) {
  struct iphdr* ip = TAKE(c, struct iphdr);
  __u32 options, offset;

  if (!ip || ip->version != 4 || ip->ihl < 5) return FOUND_MALFORMED;
  options = ((__u32)ip->ihl * 4 - sizeof(*ip)) & 0x3f;
  if (c->at + options > c->end) return FOUND_MALFORMED;
  c->at += options;
  p->version = 4;
  p->protocol = ip->protocol;
  p->source[0] = ip->saddr;
  p->destination[0] = ip->daddr;
  offset = bpf_ntohs(ip->frag_off) & 0x3fff; /* offset and more-fragments */
  p->fragment = offset != 0;
  return parse_transport(c, p, (offset & 0x1fff) != 0);
}

/* IPv6 extension headers by their number: they take eight bytes, and of their
 * length field so many units more (RFC 8200, 4.3 ff., and RFC 4302, 2.2). A table
 * and arithmetic, as the verifier would walk every combination of branches. */
#define EXTENSION 0x10
#define EXTENSION_UNIT 0x0f
#define EXTENSION_IS_FRAGMENT 0x20 /* whose length field is reserved, hence of no unit */
static const __u8 extension_shape[256] = {
    [XDPCAP_PROTOCOL_HOP_BY_HOP] = EXTENSION | 8,
    [XDPCAP_PROTOCOL_ROUTING] = EXTENSION | 8,
    [XDPCAP_PROTOCOL_DESTINATION] = EXTENSION | 8,
    [XDPCAP_PROTOCOL_AUTHENTICATION] = EXTENSION | 4,
    [XDPCAP_PROTOCOL_MOBILITY] = EXTENSION | 8,
    [XDPCAP_PROTOCOL_HOST_IDENTITY] = EXTENSION | 8,
    [XDPCAP_PROTOCOL_SHIM6] = EXTENSION | 8,
    [XDPCAP_PROTOCOL_FRAGMENT] = EXTENSION | EXTENSION_IS_FRAGMENT,
};

static __always_inline int parse_ipv6(struct cursor* c, struct packet* p) {
  struct ipv6hdr* ip = TAKE(c, struct ipv6hdr);
  __u32 fragment = 0; /* offset and more-fragments; 0 for an atomic one, which is none (RFC 6946) */
  __u8 next;

  if (!ip || ip->version != 6) return FOUND_MALFORMED;
  p->version = 6;
  __builtin_memcpy(p->source, &ip->saddr, sizeof(p->source));
  __builtin_memcpy(p->destination, &ip->daddr, sizeof(p->destination));
  next = ip->nexthdr;
  for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
    struct extension* extension = c->at;
    __u32 shape = extension_shape[next];
    __u32 bytes;

    if (!shape) break;
    if ((void*)(extension + 1) > c->end) return fragment ? FOUND_DEEP : FOUND_MALFORMED;
    bytes = (extension->length * (shape & EXTENSION_UNIT) + 8) & EXTENSION_BYTES_MASK;
    fragment |= bpf_ntohs(extension->fragment_offset) & (0xfff9 * (shape >> 5));
    next = extension->next;
    if (c->at + bytes > c->end) return fragment ? FOUND_DEEP : FOUND_MALFORMED;
    c->at += bytes;
    if (fragment & 0xfff8) break; /* what follows is the middle of something */
  }
  p->protocol = next;
  p->fragment = fragment != 0;
  /* A chain longer than is read here, or a later fragment of one. */
  if (extension_shape[next]) return FOUND_DEEP;
  return parse_transport(c, p, (fragment & 0xfff8) != 0);
}

/* No IP header was read: the MAC pair keeps both directions together. */
static __always_inline int without_addresses(const struct ethhdr* ethernet, struct packet* p,
                                             int found) {
  __builtin_memcpy(p->source, ethernet->h_source, ETH_ALEN);
  __builtin_memcpy(p->destination, ethernet->h_dest, ETH_ALEN);
  return found;
}

/* IEEE 802.2: only SNAP leads on, in which everything may be. */
static __always_inline int is_snap(struct cursor* c) {
  struct snap {
    __u8 destination, source, control, organisation[3];
  }* snap = TAKE(c, struct snap);
  __u32 organisation;

  if (!snap || snap->destination != 0xaa || snap->source != 0xaa || snap->control != 0x03) return 0;
  organisation =
      (__u32)snap->organisation[0] << 16 | snap->organisation[1] << 8 | snap->organisation[2];
  return organisation == XDPCAP_SNAP_ETHERTYPES || organisation == XDPCAP_SNAP_BRIDGED;
}

/* From the first byte of an Ethernet frame. `p` is all zeroes before. */
static __always_inline int parse_frame(struct cursor* c, struct packet* p) {
  struct ethhdr* ethernet = TAKE(c, struct ethhdr);
  __u16 type;

  if (!ethernet) return FOUND_MALFORMED;
  type = bpf_ntohs(ethernet->h_proto);
#pragma unroll
  for (int i = 0; i < VLAN_TAGS_MAX && is_vlan(type); i++) {
    struct vlan_tag* tag = TAKE(c, struct vlan_tag);

    if (!tag) return FOUND_MALFORMED;
    type = bpf_ntohs(tag->next);
  }
  switch (type) {
    case XDPCAP_ETHERTYPE_IPV4:
      return parse_ipv4(c, p);
    case XDPCAP_ETHERTYPE_IPV6:
      return parse_ipv6(c, p);
    case XDPCAP_ETHERTYPE_MPLS:
    case XDPCAP_ETHERTYPE_MPLS_MULTICAST:
    case XDPCAP_ETHERTYPE_PPPOE:
    case XDPCAP_ETHERTYPE_NSH:
    case XDPCAP_ETHERTYPE_PBB:
      return without_addresses(ethernet, p, FOUND_TUNNEL);
    case XDPCAP_ETHERTYPE_ETHERNET:
    case XDPCAP_ETHERTYPE_PPP:
      return without_addresses(ethernet, p, FOUND_DEEP);
    default:
      if (is_vlan(type) || (type <= XDPCAP_ETHERTYPE_LENGTH_MAX && is_snap(c)))
        return without_addresses(ethernet, p, FOUND_DEEP);
      return FOUND_NOT_IP;
  }
}

/* What UDP and tunnels are to who asked for them: with `udp` a datagram is wanted for
 * itself, with `tunnels` for what it may carry; then nothing outside may keep it away. */
static __always_inline int classify_udp(int found, __u32 tunnels, __u32 udp) {
  if (found == FOUND_UDP) return udp ? FOUND_UDP : FOUND_NOT_TCP;
  if (found == FOUND_UDP_LATER)
    return tunnels ? FOUND_TUNNEL : udp ? FOUND_FRAGMENT : FOUND_NOT_TCP;
  if (found == FOUND_TUNNEL && !tunnels) return FOUND_NOT_TCP;
  return found;
}

static __always_inline int has_ports(int found) {
  return found == FOUND_TCP || found == FOUND_UDP;
}

static __always_inline __u32 mix(__u32 h) {
  h ^= h >> 16;
  h *= 0x85ebca6b;
  h ^= h >> 13;
  h *= 0xc2b2ae35;
  return h ^ h >> 16;
}

/* The same for both directions of a connection. Fragments and tunnels are hashed
 * by addresses only, so that all pieces of a datagram meet in one queue. */
static __always_inline __u32 symmetric_hash(const struct packet* p, int with_ports) {
  __u32 one = p->source[0], other = p->destination[0], ports = 0;

  if (p->version != 4) {
    one = mix(one) ^ mix(p->source[1] + 1) ^ mix(p->source[2] + 2) ^ mix(p->source[3] + 3);
    other = mix(other) ^ mix(p->destination[1] + 1) ^ mix(p->destination[2] + 2) ^
            mix(p->destination[3] + 3);
  }
  if (with_ports && !p->fragment)
    ports = (__u32)p->source_port + p->destination_port +
            ((__u32)(p->source_port ^ p->destination_port) << 16);
  /* Sum and product commute; XOR alone would map a/b and c/d alike when a^b == c^d. */
  return mix(mix(one) + mix(other) + ports * 0x9e3779b1u);
}

#endif
