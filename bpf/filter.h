/* Which packets are wanted: the host and port filters, shared by both programs.
 * The maps belong to each program's own object; user space fills them before it attaches. */
#ifndef XDPCAP_BPF_FILTER_H
#define XDPCAP_BPF_FILTER_H

#include "parse.h"

/* Changed at run time, hence not in rodata. */
struct xdpcap_filter_switches switches SEC(".data.filter");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, XDPCAP_HOSTS_MAX);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct xdpcap_host4);
  __type(value, __u8);
} hosts4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, XDPCAP_HOSTS_MAX);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct xdpcap_host6);
  __type(value, __u8);
} hosts6 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, XDPCAP_PORT_WORDS);
  __type(key, __u32);
  __type(value, __u64);
} ports SEC(".maps");

static __always_inline int host_wanted(const __u32* address, int version) {
  if (version == 4) {
    struct xdpcap_host4 key = {.prefix_length = 32, .address = address[0]};

    return bpf_map_lookup_elem(&hosts4, &key) != 0;
  } else {
    struct xdpcap_host6 key = {.prefix_length = 128};

    __builtin_memcpy(key.address, address, sizeof(key.address));
    return bpf_map_lookup_elem(&hosts6, &key) != 0;
  }
}

static __always_inline int port_wanted(__u16 port) {
  __u32 word = port / 64;
  __u64* bits = bpf_map_lookup_elem(&ports, &word);

  return bits && (*bits >> (port % 64) & 1);
}

/* Either end may match. A later fragment has no ports and goes by its hosts. A
 * tunnel goes unfiltered: what the filters mean is inside it, and user space,
 * which can look there, applies them. */
static __always_inline int wanted(enum found found, const struct packet* p) {
  if (found == FOUND_TUNNEL || found == FOUND_DEEP) return 1;
  if (switches.hosts && !host_wanted(p->source, p->version) &&
      !host_wanted(p->destination, p->version))
    return 0;
  return !switches.ports || found == FOUND_FRAGMENT || port_wanted(p->source_port) ||
         port_wanted(p->destination_port);
}

#endif
