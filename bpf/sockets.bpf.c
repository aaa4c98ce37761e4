/* Which process opens, accepts and closes which TCP socket. Only looks: no packet
 * passes here, nothing is changed.
 *
 * A client's socket is opened and closed in its process's name. A server's is made
 * while a packet is handled, when whatever runs is a stranger; whose it is shows when
 * it is accepted, read from or closed. An iterator answers for sockets that were
 * there before. Whether a process acts on a socket is reported by its lock: packets are
 * handled on sockets that no system call has locked. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "socket_event.h"

/* BPF_PROG makes a function with all arguments of the hook. */
#pragma clang diagnostic ignored "-Wunused-parameter"

/* Of kernel structs only what is read here; where it lies is filled in from the
 * running kernel's BTF when the program is loaded. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common {
  unsigned int inum;
};
struct net {
  struct ns_common ns;
};
typedef struct {
  struct net* net;
} possible_net_t;
struct in6_addr {
  union {
    __be32 u6_addr32[4];
  } in6_u;
};
struct sock_common {
  __be32 skc_daddr;
  __be32 skc_rcv_saddr;
  __be16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
};
typedef struct {
  int owned;
} socket_lock_t;
struct sock {
  struct sock_common __sk_common;
  socket_lock_t sk_lock;
  __u16 sk_protocol;
};
struct socket {
  struct sock* sk;
};
struct minmax_sample {
  __u32 t, v;
};
struct minmax {
  struct minmax_sample s[3];
};
struct tcp_sock {
  __u64 bytes_sent, bytes_acked, bytes_received, bytes_retrans;
  __u32 srtt_us, mdev_us;
  struct minmax rtt_min;
  __u32 snd_cwnd, snd_ssthresh, mss_cache;
  __u32 total_retrans, segs_out, segs_in, snd_wnd, rcv_wnd;
};
struct mm_struct {
  unsigned long arg_start, arg_end;
};
struct task_struct {
  struct task_struct* group_leader;
  struct mm_struct* mm;
  int tgid;
  __u64 start_boottime;
  char comm[XDPCAP_NAME_BYTES];
};
struct seq_file;
struct bpf_iter_meta {
  struct seq_file* seq;
};
struct file;
struct bpf_iter__task_file {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
  __u32 fd;
  struct file* file;
};
#pragma clang attribute pop

#define FAMILY_V4 2
#define FAMILY_V6 10
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
/* include/net/tcp_states.h */
#define STATE_ESTABLISHED 1
#define STATE_SYN_SENT 2
#define STATE_FIN_WAIT1 4
#define STATE_CLOSE 7
#define STATE_LAST_ACK 9
#define STATE_LISTEN 10

/* Set by user space before the program is loaded; 0: all. */
const volatile __u32 only_namespace = 0;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 20);
} events SEC(".maps");

/* Which processes were reported of: a process that calls execve has another command line. */
struct reported {
  __u64 started_ns;
  __u64 arguments;
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, __u32);
  __type(value, struct reported);
} processes SEC(".maps");

/* Who was reported to be a socket's owner. Processes may hand a socket on, and many may
 * share one: then it is reported no more. */
#define OWNERS_REPORTED_MAX 4
struct reported_owner {
  __u32 pid;
  __u32 times;
};
struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct reported_owner);
} reported_owners SEC(".maps");

/* Events that the ring had no room for. */
__u64 lost = 0;

static __always_inline void report_process(struct task_struct* leader, __u32 pid,
                                           __u64 started_ns) {
  struct mm_struct* mm = BPF_CORE_READ(leader, mm);
  __u64 arguments = mm ? BPF_CORE_READ(mm, arg_start) : 0;
  struct reported* known = bpf_map_lookup_elem(&processes, &pid);
  struct reported now = {.started_ns = started_ns, .arguments = arguments};
  struct xdpcap_process_event* event;
  __u64 bytes;

  if (known && known->started_ns == started_ns && known->arguments == arguments) return;
  event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) {
    __sync_fetch_and_add(&lost, 1);
    return;
  }
  bpf_map_update_elem(&processes, &pid, &now, BPF_ANY);
  event->kind = XDPCAP_EVENT_PROCESS;
  event->pid = pid;
  event->started_ns = started_ns;
  event->cgroup = bpf_get_current_cgroup_id();
  event->uid = (__u32)bpf_get_current_uid_gid();
  BPF_CORE_READ_STR_INTO(&event->name, leader, comm);
  bytes = mm ? BPF_CORE_READ(mm, arg_end) - arguments : 0;
  if (bytes > XDPCAP_COMMAND_BYTES) bytes = XDPCAP_COMMAND_BYTES;
  /* Where the page is not in memory, or there is none (a kernel thread), /proc has to tell. */
  if (!bytes || bpf_probe_read_user(event->command, bytes, (void*)arguments)) bytes = 0;
  event->command_bytes = (__u32)bytes;
  bpf_ringbuf_submit(event, 0);
}

static __always_inline void read_endpoints(struct xdpcap_socket_event* event,
                                           const struct sock* sk) {
  event->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
  event->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
  if (BPF_CORE_READ(sk, __sk_common.skc_family) == FAMILY_V4) {
    event->version = 4;
    event->local[0] = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
    event->remote[0] = BPF_CORE_READ(sk, __sk_common.skc_daddr);
  } else {
    event->version = 6;
    BPF_CORE_READ_INTO(&event->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32);
    BPF_CORE_READ_INTO(&event->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
  }
}

static __always_inline void read_figures(struct xdpcap_tcp_figures* figures,
                                         const struct sock* sk) {
  const struct tcp_sock* tcp = (const void*)sk;

  figures->bytes_sent = BPF_CORE_READ(tcp, bytes_sent);
  figures->bytes_acked = BPF_CORE_READ(tcp, bytes_acked);
  figures->bytes_received = BPF_CORE_READ(tcp, bytes_received);
  figures->bytes_retransmitted = BPF_CORE_READ(tcp, bytes_retrans);
  figures->srtt_us8 = BPF_CORE_READ(tcp, srtt_us);
  figures->rtt_var_us4 = BPF_CORE_READ(tcp, mdev_us);
  figures->min_rtt_us = BPF_CORE_READ(tcp, rtt_min.s[0].v);
  figures->congestion_window = BPF_CORE_READ(tcp, snd_cwnd);
  figures->slow_start_threshold = BPF_CORE_READ(tcp, snd_ssthresh);
  figures->mss = BPF_CORE_READ(tcp, mss_cache);
  figures->retransmits = BPF_CORE_READ(tcp, total_retrans);
  figures->segments_out = BPF_CORE_READ(tcp, segs_out);
  figures->segments_in = BPF_CORE_READ(tcp, segs_in);
  figures->send_window = BPF_CORE_READ(tcp, snd_wnd);
  figures->receive_window = BPF_CORE_READ(tcp, rcv_wnd);
}

static __always_inline int is_watched(const struct sock* sk, __u32* inode) {
  __u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

  if (family != FAMILY_V4 && family != FAMILY_V6) return 0;
  *inode = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
  return !only_namespace || *inode == only_namespace;
}

/* `sk` twice: as the verifier trusts it for the cookie, and to read from. */
static __always_inline void report_socket(struct xdpcap_socket_event** made, __u64 cookie,
                                          const struct sock* sk, __u32 inode, __u32 kind,
                                          int with_process) {
  struct xdpcap_socket_event* event;
  struct task_struct* leader = 0;
  __u64 started_ns = 0;
  __u32 pid = 0;

  *made = 0;
  if (with_process) {
    struct task_struct* task = (void*)bpf_get_current_task();

    leader = BPF_CORE_READ(task, group_leader);
    started_ns = BPF_CORE_READ(leader, start_boottime);
    pid = bpf_get_current_pid_tgid() >> 32;
    report_process(leader, pid, started_ns);
  }
  event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) {
    __sync_fetch_and_add(&lost, 1);
    return;
  }
  __builtin_memset(event, 0, sizeof(*event));
  event->kind = kind;
  event->network_namespace = inode;
  event->time_ns = bpf_ktime_get_ns();
  event->cookie = cookie;
  event->process_started_ns = started_ns;
  event->pid = pid;
  event->uid = with_process ? (__u32)bpf_get_current_uid_gid() : 0;
  read_endpoints(event, sk);
  *made = event;
}

static __always_inline int is_in_system_call(const struct sock* sk) {
  return sk->sk_lock.owned != 0;
}

/* Whether this process is not the one that was reported to own it, and may be reported. */
static __always_inline int is_new_owner(struct sock* sk) {
  struct reported_owner* reported =
      bpf_sk_storage_get(&reported_owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
  __u32 pid = bpf_get_current_pid_tgid() >> 32;

  if (!reported || reported->pid == pid || reported->times >= OWNERS_REPORTED_MAX) return 0;
  reported->pid = pid;
  reported->times++;
  return 1;
}

static __always_inline void report_owner(struct sock* sk, __u32 inode) {
  struct xdpcap_socket_event* event;

  if (!is_new_owner(sk)) return;
  report_socket(&event, bpf_get_socket_cookie(sk), sk, inode, XDPCAP_EVENT_OWNER, 1);
  if (!event) return;
  event->old_state = event->new_state = BPF_CORE_READ(sk, __sk_common.skc_state);
  bpf_ringbuf_submit(event, 0);
}

static __always_inline int report_state(struct sock* sk, int old_state, int new_state,
                                        int with_process) {
  struct xdpcap_socket_event* event;
  __u32 inode;

  if (sk->sk_protocol != PROTOCOL_TCP || !is_watched(sk, &inode)) return 0;
  if (new_state != STATE_SYN_SENT && new_state != STATE_LISTEN && new_state != STATE_ESTABLISHED &&
      new_state != STATE_FIN_WAIT1 && new_state != STATE_LAST_ACK && new_state != STATE_CLOSE)
    return 0;
  report_socket(&event, bpf_get_socket_cookie(sk), sk, inode, XDPCAP_EVENT_STATE, with_process);
  if (!event) return 0;
  event->old_state = old_state;
  event->new_state = new_state;
  if (new_state == STATE_CLOSE && old_state != STATE_LISTEN) read_figures(&event->figures, sk);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

/* Of one program the kernel runs no second one on a CPU while the first is at work, and
 * passes the second over. A packet may come in while a process changes the state of its
 * socket, so that packets have a program of their own, and are not passed over. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_by_process, struct sock* sk, int old_state, int new_state) {
  return is_in_system_call(sk) ? report_state(sk, old_state, new_state, 1) : 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_by_packet, struct sock* sk, int old_state, int new_state) {
  return is_in_system_call(sk) ? 0 : report_state(sk, old_state, new_state, 0);
}

/* When a process reads: nothing but a look at the socket's own memory after the first time. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(read_from, struct sock* sk) {
  __u32 inode;

  if (is_in_system_call(sk) && is_watched(sk, &inode)) report_owner(sk, inode);
  return 0;
}

/* Its first two arguments are the same in every kernel; the new socket has none of
 * its own where accept() failed. Not every kernel lets functions be traced. */
SEC("fexit/inet_accept")
int BPF_PROG(accepted, struct socket* listener, struct socket* connection) {
  struct sock* sk = connection->sk;
  __u32 inode;

  if (sk && sk->sk_protocol == PROTOCOL_TCP && is_watched(sk, &inode)) report_owner(sk, inode);
  return 0;
}

/* Every descriptor of every process, when user space asks. */
SEC("iter/task_file")
int owners(struct bpf_iter__task_file* ctx) {
  struct xdpcap_socket_owner owner = {};
  struct task_struct* task = ctx->task;
  struct file* file = ctx->file;
  struct socket* socket;
  struct sock* sk;
  __u16 family;

  if (!task || !file) return 0;
  socket = bpf_sock_from_file(file);
  if (!socket) return 0;
  sk = socket->sk;
  if (!sk) return 0;
  family = BPF_CORE_READ(sk, __sk_common.skc_family);
  if (family != FAMILY_V4 && family != FAMILY_V6) return 0;
  if (sk->sk_protocol != PROTOCOL_TCP && sk->sk_protocol != PROTOCOL_UDP) return 0;
  owner.cookie = bpf_get_socket_cookie(sk);
  owner.pid = (__u32)task->tgid;
  owner.started_ns = BPF_CORE_READ(task, group_leader, start_boottime);
  bpf_seq_write(ctx->meta->seq, &owner, sizeof(owner));
  return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
