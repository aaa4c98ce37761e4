/* Makes the next frame of a conversation between many clients and servers. Run
 * by BPF_PROG_TEST_RUN on live frames, on one CPU at a time. All of a frame
 * follows from two counters (flow and step), so nothing is looked up.
 *
 * All flows take a step before any takes the next:
 *   SYN, SYN-ACK, ACK, then request and response in turn, then FIN, FIN-ACK, ACK
 * and the flow opens a connection from another port. First connections are of
 * different lengths, so that flows do not open and close together later on. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "generator.h"

#define OPENING_STEPS 3
#define CLOSING_STEPS 3
#define PATIENCE (1 << 22) /* looks at the clock within one wait */

const volatile struct wire_config config = {.flows = 1, .batch = 64};

struct wire_counts counts;
__u32 flow, step;
__u32 in_batch;
__u64 due_ns;

struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} wire SEC(".maps");

/* IP and TCP of a frame. Not with the Ethernet header in one struct, which would have to be packed:
 * clang then writes byte by byte. */
struct headers {
  struct iphdr ip;
  struct tcphdr tcp;
  __u16 nops;
  __u8 option, option_bytes;
  __be32 time, echo;
};
_Static_assert(sizeof(struct ethhdr) + sizeof(struct headers) == WIRE_HEADER_BYTES,
               "the template has the same shape");

/* What the next frame is. */
struct frame {
  __u32 flow, connection;
  __u32 exchange;                 /* of its connection */
  __u32 client_sent, server_sent; /* sequence numbers consumed before it */
  __u8 to_client, has_payload;
  __u8 syn, fin, ack, push;
};

static __always_inline __u32 mix(__u32 h) {
  h ^= h >> 16;
  h *= 0x85ebca6b;
  h ^= h >> 13;
  h *= 0xc2b2ae35;
  return h ^ h >> 16;
}

static long is_due(__u32 turn, void* due) {
  (void)turn;
  return bpf_ktime_get_ns() >= *(__u64*)due;
}

/* At the start of each batch, on time. Time that was lost is made up for by `slack_ns` at
 * most: a generator that was held up must not answer with a burst of its own. */
static __always_inline void pace(void) {
  __u64 now = bpf_ktime_get_ns(), due = due_ns;

  if (due + config.slack_ns < now) {
    counts.late += due != 0;
    due = now - config.slack_ns;
  }
  if (due > now) bpf_loop(PATIENCE, is_due, &due, 0);
  due_ns = due + (counts.frames < config.ramp ? 4 * config.interval_ns : config.interval_ns);
}

static __always_inline void next_frame(struct frame* f) {
  __u32 at = step, exchanges = config.exchanges;

  f->flow = flow;
  if (exchanges) {
    const __u32 steps = OPENING_STEPS + 2 * exchanges + CLOSING_STEPS,
                first = 1 + mix(~flow) % exchanges;
    const __u32 first_steps = OPENING_STEPS + 2 * first + CLOSING_STEPS;

    if (at < first_steps) {
      exchanges = first;
    } else {
      f->connection = 1 + (at - first_steps) / steps;
      at = (at - first_steps) % steps;
    }
  }
  f->ack = 1;
  if (at < OPENING_STEPS) {
    f->syn = at < 2;
    f->ack = at > 0;
    f->to_client = at == 1;
    f->client_sent = at > 0;
    f->server_sent = at > 1;
  } else if (!exchanges || at < OPENING_STEPS + 2 * exchanges) {
    f->exchange = (at - OPENING_STEPS) >> 1;
    f->to_client = (at - OPENING_STEPS) & 1;
    f->has_payload = f->push = 1;
    f->client_sent = 1 + (f->exchange + f->to_client) * config.request.bytes;
    f->server_sent = 1 + f->exchange * config.response.bytes;
  } else {
    at -= OPENING_STEPS + 2 * exchanges;
    f->fin = at < 2;
    f->to_client = at == 1;
    f->client_sent = 1 + exchanges * config.request.bytes + (at > 0);
    f->server_sent = 1 + exchanges * config.response.bytes + (at > 1);
  }
  if (++flow == config.flows) {
    flow = 0;
    step++;
  }
}

/* Eight hexadecimal digits, as they stand in memory. */
static __always_inline __u64 digits(__u32 value) {
  __u64 x = value;

  x = (x | x << 16) & 0x0000ffff0000ffff;
  x = (x | x << 8) & 0x00ff00ff00ff00ff;
  x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
  x += 0x3030303030303030 + ((x + 0x0606060606060606) >> 4 & 0x0101010101010101) * ('a' - '0' - 10);
  return __builtin_bswap64(x);
}

static __always_inline __u16 fold(__u64 sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return ~(__u16)sum;
}

static __always_inline void write_ip(struct iphdr* ip, const struct frame* f, __u32 bytes) {
  __be32 client = bpf_htonl(0x0a500000 | (f->flow >> 8 & 0xffff)),
         server = bpf_htonl(0x0a510001 + (f->flow & 15));
  const __u32* words = (const __u32*)ip;

  ip->tot_len = bpf_htons(bytes - sizeof(struct ethhdr));
  ip->id = bpf_htons((__u16)counts.frames);
  ip->saddr = f->to_client ? server : client;
  ip->daddr = f->to_client ? client : server;
  ip->check = 0;
  ip->check = fold((__u64)words[0] + words[1] + words[2] + words[3] + words[4]);
}

/* `sum` is that of the payload. */
static __always_inline void write_tcp(struct headers* h, const struct frame* f, __u32 bytes,
                                      __u64 sum) {
  __u32 client_seq = mix(f->flow * 2 + f->connection * 0x9e3779b1) + f->client_sent;
  __u32 server_seq = mix(f->flow * 2 + 1 + f->connection * 0x9e3779b1) + f->server_sent;
  /* 256 flows share an address and differ in the low bits of the port. A flow comes back to a port
   * with its 64th connection, when the one before is long closed. */
  __be16 client_port = bpf_htons(0x4000 | ((f->flow & 0xff) + (f->connection << 8 & 0x3f00)));
  const __u32* words = (const __u32*)&h->tcp;
  __u32 now = (__u32)(counts.frames >> 10);

  h->tcp.source = f->to_client ? bpf_htons(80) : client_port;
  h->tcp.dest = f->to_client ? client_port : bpf_htons(80);
  h->tcp.seq = bpf_htonl(f->to_client ? server_seq : client_seq);
  h->tcp.ack_seq = !f->ack ? 0 : bpf_htonl(f->to_client ? client_seq : server_seq);
  h->tcp.syn = f->syn;
  h->tcp.fin = f->fin;
  h->tcp.ack = f->ack;
  h->tcp.psh = f->push;
  h->tcp.check = 0;
  h->time = bpf_htonl(now + 1);
  h->echo = f->ack ? bpf_htonl(now) : 0;
  sum += (__u64)h->ip.saddr + h->ip.daddr;
  sum += bpf_htons(IPPROTO_TCP) + bpf_htons(bytes - sizeof(struct ethhdr) - sizeof(struct iphdr));
  sum +=
      (__u64)words[0] + words[1] + words[2] + words[3] + words[4] + words[5] + words[6] + words[7];
  h->tcp.check = fold(sum);
}

static __always_inline void count(const struct frame* f, __u32 bytes) {
  counts.frames++;
  counts.bytes += bytes;
  counts.requests += f->has_payload && !f->to_client;
  counts.responses += f->has_payload && f->to_client;
  counts.opened += f->syn && !f->ack;
  counts.closed += !f->syn && !f->fin && !f->has_payload && f->client_sent > 1;
}

SEC("xdp")
int make_frame(struct xdp_md* ctx) {
  const __u32 both =
      2 * WIRE_HEADER_BYTES + WIRE_GAP_BYTES + config.request.bytes + config.response.bytes;
  const __u32 second = WIRE_HEADER_BYTES + WIRE_GAP_BYTES + config.request.bytes;
  struct frame f = {};
  struct headers* h;
  __u64 sum = 0;
  __u32 bytes, cut, id_at;

  if (in_batch == 0) {
    if (config.interval_ns) pace();
    counts.last_ns = bpf_ktime_get_ns();
    counts.last_frames = counts.frames;
    if (!counts.first_ns && counts.frames >= config.ramp) {
      counts.first_ns = counts.last_ns;
      counts.first_frames = counts.frames;
    }
  }
  if (++in_batch == config.batch) in_batch = 0;
  next_frame(&f);
  bytes = WIRE_HEADER_BYTES;
  if (f.has_payload) bytes += f.to_client ? config.response.bytes : config.request.bytes;
  cut = both - bytes - (f.to_client ? second : 0);
  if (cut && bpf_xdp_adjust_tail(ctx, -(int)cut)) goto failed;
  if (f.to_client && bpf_xdp_adjust_head(ctx, (int)second)) goto failed;
  h = (void*)(long)ctx->data + sizeof(struct ethhdr);
  if ((void*)(h + 1) > (void*)(long)ctx->data_end) goto failed;
  if (f.has_payload) {
    __u64* id;

    id_at = f.to_client ? config.response.id_at : config.request.id_at;
    if (id_at > 2048) goto failed;
    id = (void*)(h + 1) + id_at;
    if ((void*)(id + 2) > (void*)(long)ctx->data_end) goto failed;
    id[0] = digits(f.flow);
    id[1] = digits(f.connection * config.exchanges + f.exchange);
    sum = f.to_client ? config.response.sum : config.request.sum;
    sum += (id[0] & 0xffffffff) + (id[0] >> 32) + (id[1] & 0xffffffff) + (id[1] >> 32);
  }
  write_ip(&h->ip, &f, bytes);
  write_tcp(h, &f, bytes, sum);
  count(&f, bytes);
  return bpf_redirect_map(&wire, 0, XDP_ABORTED);
failed:
  counts.failed++;
  return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
