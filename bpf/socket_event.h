/* What bpf/sockets.bpf.c reports to userspace/host/; plain C that is valid C++ too. */
#ifndef XDPCAP_BPF_SOCKET_EVENT_H
#define XDPCAP_BPF_SOCKET_EVENT_H

#include <linux/types.h>

#define XDPCAP_NAME_BYTES 16
#define XDPCAP_COMMAND_BYTES 256

enum xdpcap_event_kind {
  XDPCAP_EVENT_STATE,   /* a TCP socket changed its state */
  XDPCAP_EVENT_OWNER,   /* a process accepted it, or began to read from it */
  XDPCAP_EVENT_PROCESS, /* a process was met for the first time: struct xdpcap_process_event */
};

/* The figures of struct tcp_sock as they stand when a socket closes. */
struct xdpcap_tcp_figures {
  __u64 bytes_sent, bytes_acked, bytes_received, bytes_retransmitted;
  __u32 srtt_us8; /* eight times the smoothed round trip */
  __u32 rtt_var_us4;
  __u32 min_rtt_us;
  __u32 congestion_window, slow_start_threshold, mss;
  __u32 retransmits, segments_out, segments_in;
  __u32 send_window, receive_window;
  __u32 reserved;
};

struct xdpcap_socket_event {
  __u32 kind;
  __u32 network_namespace; /* inode */
  __u64 time_ns;           /* CLOCK_MONOTONIC */
  __u64 cookie;
  __u64 process_started_ns;      /* CLOCK_BOOTTIME */
  __u32 pid;                     /* 0: it happened in no process's name */
  __u32 uid;                     /* of the process */
  __u32 local[4], remote[4];     /* network byte order; IPv4 uses word 0 */
  __u16 local_port, remote_port; /* host byte order */
  __u8 version;                  /* 4 or 6 */
  __u8 old_state, new_state;     /* of include/net/tcp_states.h */
  __u8 reserved;
  struct xdpcap_tcp_figures figures; /* where new_state is TCP_CLOSE */
};

struct xdpcap_process_event {
  __u32 kind;
  __u32 pid;
  __u64 started_ns; /* CLOCK_BOOTTIME */
  __u64 cgroup;     /* id in the unified hierarchy: inode of its directory */
  __u32 uid;
  __u32 command_bytes; /* of `command`; arguments end with NUL */
  char name[XDPCAP_NAME_BYTES];
  char command[XDPCAP_COMMAND_BYTES];
};

/* What iter/task_file writes for each descriptor that is an Internet socket. */
struct xdpcap_socket_owner {
  __u64 cookie;
  __u64 started_ns; /* CLOCK_BOOTTIME */
  __u32 pid;
  __u32 reserved;
};

#ifdef __cplusplus
#define XDPCAP_STATIC_ASSERT static_assert
#else
#define XDPCAP_STATIC_ASSERT _Static_assert
#endif
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_tcp_figures) == 80, "both sides read alike");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_socket_event) == 160, "both sides read alike");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_process_event) == 304, "both sides read alike");
XDPCAP_STATIC_ASSERT(sizeof(struct xdpcap_socket_owner) == 24, "both sides read alike");
#undef XDPCAP_STATIC_ASSERT

#endif
