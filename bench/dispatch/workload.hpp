#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "wire/segment.hpp"

namespace xdpcap::bench {

enum class Mix : std::uint8_t {
  small,     // requests of 300 bytes, responses of 500, one segment each
  bulk,      // a request, then 16 KiB in segments of 1460 bytes, an ACK for every second one
  ack_heavy, // two of three segments carry nothing
};
enum class Popularity : std::uint8_t {
  uniform,
  zipf,     // exponent 1.1
  elephant, // half of all packets belong to one stream
};

// What a workload is made of. The base point of the measurements is the default.
struct Factors {
  std::uint32_t streams = 1000; // open at the same time
  std::uint32_t workers = 2;
  Mix mix = Mix::small;
  Popularity popularity = Popularity::uniform;
  bool churn = false; // streams live for four exchanges, then others take their place
  std::uint32_t out_of_order_percent = 0;
};

// A packet as the decoder hands it on, and where it stands.
struct Packet {
  wire::Segment segment;
  std::uint32_t number = 0;  // in its phase, in the order of arrival
  std::uint32_t ordinal = 0; // in its stream, in the order of arrival
};

// The packets of one phase as contenders get them: in the order of arrival, and
// split over queues as a NIC does it with a symmetric hash. Borrowed.
struct Input {
  std::span<const Packet> all;
  std::vector<std::span<const Packet>> queues;

  // The packets with `from` <= number < `to`.
  [[nodiscard]] Input slice(std::uint32_t from, std::uint32_t to) const;
};

// Real HTTP over TCP, generated once, from a fixed seed: handshakes, requests and
// responses with correct sequence numbers and acknowledgements, FINs. Nothing is
// lost; what is out of order arrives up to three packets of its stream later.
class Workload {
 public:
  Workload(const Factors& factors, std::uint32_t steady_packets);
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  // Every stream is opened and has one exchange (long-lived streams only).
  [[nodiscard]] Input opening() const { return input_of(opening_); }
  // What is measured.
  [[nodiscard]] Input steady() const { return input_of(steady_); }
  [[nodiscard]] std::uint64_t streams_opened() const noexcept { return streams_opened_; }

 private:
  friend class Generator;
  struct Phase {
    std::vector<Packet> all;
    std::vector<std::vector<Packet>> queues;
  };
  static Input input_of(const Phase& phase);
  static void split(Phase& phase, std::uint32_t queues);

  Phase opening_, steady_;
  std::deque<std::string> texts_; // what segments borrow
  std::uint64_t streams_opened_ = 0;
};

} // namespace xdpcap::bench
