#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <ostream>
#include <string>
#include <vector>

#include "support/guarded.hpp"
#include "support/packet.hpp"
#include "wire/decode.hpp"
#include "wire/format_address.hpp"

namespace xdpcap::wire {

// How tests print what they compare.
inline void PrintTo(NoSegment reason, std::ostream* out) {
  *out << name_of(reason);
}

} // namespace xdpcap::wire

namespace xdpcap::test {

using Decoded = Result<wire::Segment, wire::NoSegment>;

// A decoder and the frames it was fed, each of which ends where nothing is
// mapped, so that reading beyond a frame ends the test.
class Decoding {
 public:
  explicit Decoding(const wire::DecodeOptions& options = {}) : decoder_(options) {}

  Decoded operator()(const Packet& packet) { return (*this)(packet.frame()); }
  Decoded operator()(wire::Frame frame) {
    frame.bytes = kept_.emplace_back(frame.bytes).bytes();
    return decoder_.decode(frame);
  }

  wire::Decoder& decoder() { return decoder_; }
  [[nodiscard]] std::uint64_t count(wire::DecodeCount which) const {
    return decoder_.counters().get(which);
  }
  [[nodiscard]] std::uint64_t count(wire::NoSegment which) const {
    return count(wire::counter_of(which));
  }

 private:
  wire::Decoder decoder_;
  std::deque<Guarded> kept_;
};

inline std::string source_of(const wire::Segment& segment) {
  return std::string(wire::Text(segment.source()).view());
}
inline std::string destination_of(const wire::Segment& segment) {
  return std::string(wire::Text(segment.destination()).view());
}

MATCHER_P(IsSegmentWith, payload, "") {
  if (!arg.ok()) {
    *result_listener << "refused: " << wire::name_of(arg.error());
    return false;
  }
  *result_listener << "payload \"" << as_text(arg.value().payload) << '"';
  return as_text(arg.value().payload) == payload;
}

MATCHER_P(IsRefused, reason, std::string("refused: ") + std::string(wire::name_of(reason))) {
  if (arg.ok()) {
    *result_listener << "a segment";
    return false;
  }
  *result_listener << wire::name_of(arg.error());
  return arg.error() == reason;
}

// An HTTP request from 10.0.0.1:1234 to 10.0.0.2:80, behind whatever was said before.
inline constexpr std::string_view request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
inline Packet with_request(const Packet& outside) {
  return outside.ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80).seq(100).ack(200).payload(request);
}
inline Packet with_request_v6(const Packet& outside) {
  return outside.ipv6("2001:db8::1", "2001:db8::2")
      .tcp(1234, 80)
      .seq(100)
      .ack(200)
      .payload(request);
}

// The same request in everything that can be around it.
struct Sample {
  std::string name;
  Packet packet;
};
std::vector<Sample> samples();

} // namespace xdpcap::test
