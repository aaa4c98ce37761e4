/* What the generator's BPF program and user space both know. */
#ifndef XDPCAP_BENCH_WIRE_GENERATOR_H
#define XDPCAP_BENCH_WIRE_GENERATOR_H

#include <linux/types.h>

/* Ethernet, IPv4, TCP with a time stamp option. */
#define WIRE_HEADER_BYTES 66

/* The page of a live frame holds both kinds of frame, one behind the other, and
 * a run cuts the one it sends out of it: payloads never have to be written again.
 *
 *   [header][request]  gap  [header][response]
 *
 * The gap keeps the capture's metadata, which goes in front of a frame, out of
 * the request. */
#define WIRE_GAP_BYTES 64

/* 16 hexadecimal digits in each payload name its flow and its exchange. They
 * begin at an even byte, so that they are whole words of the checksum. */
#define WIRE_ID_BYTES 16

struct wire_payload {
  __u32 bytes;
  __u32 id_at; /* of the digits, from the first byte of the payload */
  __u32 sum;   /* of its 16-bit words in memory order, the digits zero */
};

/* Fixed when the program is loaded. */
struct wire_config {
  struct wire_payload request, response;
  __u32 flows;
  __u32 exchanges;   /* of one connection; 0: it is never closed */
  __u32 batch;       /* frames between two looks at the clock */
  __u32 ramp;        /* so many frames first at a quarter of the pace */
  __u64 interval_ns; /* of a batch; 0: as fast as it goes */
  __u64 slack_ns;    /* how far behind it may be and still catch up */
};

struct wire_counts {
  __u64 frames;
  __u64 bytes;
  __u64 requests;
  __u64 responses;
  __u64 opened; /* connections: SYNs */
  __u64 closed; /* connections: last acknowledgements */
  __u64 failed; /* frames that could not be cut; 0, or the program is wrong */
  __u64 late;   /* batches that began later than the slack allows */
  /* CLOCK_MONOTONIC of the first batch after the ramp and of the last one, and the frames before
   * these. */
  __u64 first_ns, first_frames;
  __u64 last_ns, last_frames;
};

#endif
