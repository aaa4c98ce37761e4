#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/batch_view.hpp"
#include "publish/batch.hpp"

// What came out of the batches, copied.
namespace xdpcap::sim {

struct PublishedGap {
  std::uint64_t offset = 0, length = 0;
};

struct PublishedMessage {
  std::uint64_t flow = 0;
  bool request = false;
  std::uint32_t index = 0;
  std::uint16_t status = 0;
  std::string client, server; // "10.0.0.1:80"
  std::string id;             // the value of its field X-Id
  std::string head, body, trailers;
  schema::Framing framing = schema::Framing::none;
  std::uint64_t full_body_length = 0;
  bool complete = false;
  schema::End end = schema::End::complete;
  std::uint64_t anomalies = 0;
  std::vector<PublishedGap> gaps;

  [[nodiscard]] bool has(schema::Anomaly anomaly) const {
    return (anomalies >> static_cast<unsigned>(anomaly) & 1) != 0;
  }
};

struct PublishedHalf {
  schema::TcpState state = schema::TcpState::closed;
  std::uint64_t packets = 0, payload_bytes = 0, gaps = 0, gap_bytes = 0;
};

struct PublishedFlow {
  std::uint64_t flow = 0;
  schema::FlowEvent event = schema::FlowEvent::opened;
  std::string client, server;
  PublishedHalf halves[2];
  std::uint64_t flags = 0;
  schema::CloseReason close = schema::CloseReason::open;

  [[nodiscard]] bool has(schema::FlowFlag flag) const {
    return (flags >> static_cast<unsigned>(flag) & 1) != 0;
  }
};

struct PublishedSegment {
  std::uint64_t flow = 0;
  std::string client, server;
  bool to_server = false;
  std::int64_t arrived_ns = 0;
  std::uint32_t seq = 0, payload_bytes = 0;
  schema::Verdict verdict = schema::Verdict::in_order;
  std::string payload;
};

struct Published {
  std::vector<PublishedMessage> messages;
  std::vector<PublishedFlow> flows;
  std::vector<PublishedSegment> segments;
  std::uint64_t batches = 0, unreadable = 0;
  std::uint64_t batches_missing = 0; // numbers that were skipped
  std::uint64_t dropped_records = 0;
  std::uint64_t dropped_in_last = 0; // reported by no batch, as none followed

  void take(const publish::Batch& batch, std::vector<std::uint64_t>& next_seq);

 private:
  codec::BatchReader reader_;
};

} // namespace xdpcap::sim
