/* The tc program: what the filters want is cloned into the private veth; the
 * packet itself goes on as if nobody had looked (TCX_NEXT). One program serves
 * both directions of the interface. */
#include "filter.h"

#define TCX_NEXT (-1) /* == TC_ACT_UNSPEC of clsact */
#define HEADERS_MAX 256

/* Set by user space before the program is loaded. */
const volatile struct xdpcap_tap_config config = {
    .queues = 1,
    .tunnels = 1,
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xdpcap_tap_counters);
} counters SEC(".maps");

static __noinline int parse_skb(struct __sk_buff* skb, struct packet* p) {
  struct cursor c = {.at = (void*)(long)skb->data, .end = (void*)(long)skb->data_end};

  return parse_frame(&c, p);
}

/* Both directions of a connection into one queue of the tap: skb_tx_hash() takes
 * queue_mapping - 1. The kernel's rewrite of this store compares 64 bits and
 * skips it when the upper half holds garbage, which clang leaves there; the
 * barriers make it mask. */
static __always_inline void set_queue(struct __sk_buff* skb, __u32 hash) {
  __u64 queue = (__u64)hash * config.queues >> 32;

  queue++;
  asm volatile("" : "+r"(queue));
  queue &= 0xff;
  asm volatile("" : "+r"(queue));
  skb->queue_mapping = queue;
}

static __always_inline long clone(struct __sk_buff* skb, __u32 hash) {
  __u32 before = skb->queue_mapping;
  long error;

  if (config.queues > 1) set_queue(skb, hash);
  error = bpf_clone_redirect(skb, config.tap_ifindex, 0);
  if (config.queues > 1) {
    __u64 back = before;

    asm volatile("" : "+r"(back));
    back &= 0xffff;
    asm volatile("" : "+r"(back));
    skb->queue_mapping = back;
  }
  return error;
}

SEC("tc")
int xdpcap_tap(struct __sk_buff* skb) {
  struct packet p = {};
  __u32 zero = 0;
  struct xdpcap_tap_counters* count = bpf_map_lookup_elem(&counters, &zero);
  int found;

  if (!count) return TCX_NEXT;
  count->seen++;
  found = parse_skb(skb, &p);
  /* Headers of a forwarded packet may lie outside its linear part. */
  if (found == FOUND_MALFORMED && skb->len > skb->data_end - skb->data) {
    __u32 bytes = skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX;

    if (!bpf_skb_pull_data(skb, bytes)) {
      __builtin_memset(&p, 0, sizeof(p));
      found = parse_skb(skb, &p);
    }
    if (found == FOUND_MALFORMED && skb->len > HEADERS_MAX) found = FOUND_DEEP;
  }
  found = classify_udp(found, config.tunnels, config.udp);
  if (found == FOUND_NOT_IP) {
    count->not_ip++;
    return TCX_NEXT;
  }
  if (found == FOUND_NOT_TCP) {
    count->not_tcp++;
    return TCX_NEXT;
  }
  if (found == FOUND_MALFORMED) {
    count->malformed++;
    return TCX_NEXT;
  }
  if (!wanted(found, &p)) {
    count->filtered++;
    return TCX_NEXT;
  }
  if (clone(skb, symmetric_hash(&p, has_ports(found)))) {
    count->clone_errors++;
    return TCX_NEXT;
  }
  count->cloned++;
  count->fragments += p.fragment;
  count->tunnels += found == FOUND_TUNNEL || found == FOUND_DEEP;
  return TCX_NEXT;
}

char _license[] SEC("license") = "Dual MIT/GPL";
