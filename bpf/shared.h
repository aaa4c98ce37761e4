/* What the BPF programs and user space both know. Included by bpf/ *.bpf.c and by
 * userspace/capture/ only; plain C that is valid C++ too. */
#ifndef XDPCAP_BPF_SHARED_H
#define XDPCAP_BPF_SHARED_H

#include <linux/types.h>

/* The 16 bytes that the XDP program writes right before the frame
 * (bpf_xdp_adjust_meta). Nothing tells user space whether they are there, hence
 * the magic; its low 16 bits carry the engine's number of the interface. */
struct xdpcap_meta {
  __u64 time_ns; /* CLOCK_MONOTONIC, when XDP saw the frame */
  __u32 unused;
  __u32 magic; /* XDPCAP_META_MAGIC | interface */
};
#define XDPCAP_META_MAGIC 0x5CA90000u
#define XDPCAP_META_MAGIC_MASK 0xFFFF0000u

/* Verdicts of the XDP program, one struct for each receive queue and CPU.
 *
 *   seen = not_ip + not_tcp + malformed + filtered + no_socket + redirected
 *
 * The rest describe what was redirected and are not part of the sum. */
struct xdpcap_capture_counters {
  __u64 seen;
  __u64 not_ip;     /* ARP, LLDP, an ethertype nobody reads */
  __u64 not_tcp;    /* IP, and neither TCP nor a tunnel to look into, nor UDP that was asked for */
  __u64 malformed;  /* ends inside a header */
  __u64 filtered;   /* TCP or UDP that the host or port filter does not want */
  __u64 no_socket;  /* wanted, but its queue has no socket: the fallback action */
  __u64 redirected; /* handed to the AF_XDP socket of its queue */

  __u64 fragments;   /* IP fragments, where this program selects */
  __u64 tunnels;     /* not plain TCP; user space looks inside */
  __u64 no_metadata; /* the driver has no room for struct xdpcap_meta */
};

/* Verdicts of the tc program, one struct for each CPU. Counts packets as tc sees
 * them: a GSO packet is one, although it becomes many frames in the tap.
 *
 *   seen = not_ip + not_tcp + malformed + filtered + cloned + clone_errors */
struct xdpcap_tap_counters {
  __u64 seen;
  __u64 not_ip;
  __u64 not_tcp;
  __u64 malformed;
  __u64 filtered;
  __u64 cloned;
  __u64 clone_errors; /* no memory, or the tap's queue is full */

  __u64 fragments;
  __u64 tunnels;
};

/* Which filters are on. An empty filter wants everything. */
struct xdpcap_filter_switches {
  __u32 hosts;
  __u32 ports;
};

/* Keys of the longest-prefix tries; addresses in network byte order. */
struct xdpcap_host4 {
  __u32 prefix_length;
  __u32 address;
};
struct xdpcap_host6 {
  __u32 prefix_length;
  __u32 address[4];
};
#define XDPCAP_HOSTS_MAX 1024

/* Ports are a bit set: port p is bit p % 64 of word p / 64. */
#define XDPCAP_PORT_WORDS 1024

/* Fixed when the XDP program is loaded; the verifier drops what is switched off. */
struct xdpcap_capture_config {
  __u32 interface;        /* the engine's number, goes into the metadata */
  __u32 queues;           /* of the counters map; the last one also takes any queue beyond */
  __u32 miss_action;      /* XDP_PASS or XDP_DROP: frames that are not ours */
  __u32 no_socket_action; /* the same for frames that are, when nobody listens */
  __u32 select; /* 0: everything goes to the socket (a tap's frames were selected before) */
  __u32 tunnels;
  __u32 udp; /* datagrams are wanted, too */
};

/* Fixed when the tc program is loaded. */
struct xdpcap_tap_config {
  __u32 tap_ifindex;
  __u32 queues; /* of the tap */
  __u32 tunnels;
  __u32 udp;
};

#ifdef __cplusplus
#define XDPCAP_STATIC_ASSERT static_assert
#else
#define XDPCAP_STATIC_ASSERT _Static_assert
#endif
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_meta) == 16, "a metadata size every kernel takes");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_capture_counters) == 80, "both sides count alike");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_tap_counters) == 72, "both sides count alike");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_host4) == 8, "an LPM key");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_host6) == 20, "an LPM key");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_capture_config) == 28, "both sides configure alike");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_tap_config) == 16, "both sides configure alike");
#undef XDPCAP_STATIC_ASSERT

#endif
