/* The XDP program: TCP (and UDP, where asked for) that the filters want goes to the AF_XDP socket
 * of its queue, with its time in front; everything else takes the miss action. Every frame is
 * counted once. The same code serves a mirror port, where misses go on to the kernel, and the
 * private end of a tap, where they are dropped. */
#include "filter.h"

/* Set by user space before the program is loaded. */
const volatile struct xdpcap_capture_config config = {
    .queues = 1,
    .miss_action = XDP_PASS,
    .no_socket_action = XDP_PASS,
    .select = 1,
    .tunnels = 1,
};

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xdpcap_capture_counters);
} counters SEC(".maps");

/* The time in front of the frame. Not every driver has the room. */
static __always_inline int write_meta(struct xdp_md* ctx) {
  struct xdpcap_meta* meta;

  if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta))) return 0;
  meta = (void*)(long)ctx->data_meta;
  if ((void*)(meta + 1) > (void*)(long)ctx->data) return 0;
  meta->time_ns = bpf_ktime_get_ns();
  meta->unused = 0;
  meta->magic = XDPCAP_META_MAGIC | config.interface;
  return 1;
}

SEC("xdp")
int capture(struct xdp_md* ctx) {
  struct cursor c = {.at = (void*)(long)ctx->data, .end = (void*)(long)ctx->data_end};
  struct packet p = {};
  __u32 queue = ctx->rx_queue_index;
  __u32 slot = queue < config.queues ? queue : config.queues - 1;
  struct xdpcap_capture_counters* count = bpf_map_lookup_elem(&counters, &slot);
  int found = FOUND_NOT_IP, has_meta, action;

  if (!count) return config.miss_action;
  count->seen++;
  if (config.select) {
    found = classify_udp(parse_frame(&c, &p), config.tunnels, config.udp);
    if (found == FOUND_NOT_IP) {
      count->not_ip++;
      return config.miss_action;
    }
    if (found == FOUND_NOT_TCP) {
      count->not_tcp++;
      return config.miss_action;
    }
    if (found == FOUND_MALFORMED) {
      count->malformed++;
      return config.miss_action;
    }
    if (!wanted(found, &p)) {
      count->filtered++;
      return config.miss_action;
    }
  }
  has_meta = write_meta(ctx);
  action = bpf_redirect_map(&sockets, queue, config.no_socket_action);
  if (action != XDP_REDIRECT) {
    count->no_socket++;
    /* Metadata would keep GRO from merging what goes on to the kernel. */
    if (has_meta) bpf_xdp_adjust_meta(ctx, sizeof(struct xdpcap_meta));
    return action;
  }
  count->redirected++;
  count->no_metadata += !has_meta;
  count->fragments += p.fragment;
  count->tunnels += found == FOUND_TUNNEL || found == FOUND_DEEP;
  return XDP_REDIRECT;
}

char _license[] SEC("license") = "Dual MIT/GPL";
