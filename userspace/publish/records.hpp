#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "http/message.hpp"
#include "record/records.hpp"

// What an Encoder is given besides the records of record/records.hpp.
namespace xdpcap::publish {

// What an http::Message cannot know: whose conversation it is a part of.
struct MessageContext {
  std::uint64_t flow = 0; // never reused within an epoch
  record::Endpoint client, server;
  std::uint16_t interface = 0; // number of the capture interface
  http::Anomalies anomalies{}; // of the connection; they are added to those of the message
};

// What an engine tells the publisher each second; built on the publisher's thread.
class StatsBuilder {
 public:
  void add(std::string name, std::uint64_t value, std::string interface = {},
           std::int32_t queue = -1) {
    counters_.push_back({std::move(name), value, std::move(interface), queue});
  }
  [[nodiscard]] const std::vector<record::Counter>& counters() const noexcept { return counters_; }

 private:
  std::vector<record::Counter> counters_;
};

} // namespace xdpcap::publish
