#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "publish/records.hpp"
#include "publish/topic.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::publish {

struct TopicPosition {
  std::uint16_t shard = 0;
  Topic topic = Topic::http;
  std::uint64_t next_seq = 0;
};

struct EndpointReport {
  std::string endpoint;
  std::uint64_t batches_published = 0, batches_dropped = 0;
  std::uint64_t records_published = 0, records_dropped = 0;
};

// All a heartbeat says.
struct Heartbeat {
  std::string_view sensor;
  std::uint64_t epoch_ns = 0;
  std::uint64_t topic_seq = 0; // of `stats`; published as shard 0
  std::uint64_t at_ns = 0;
  std::uint64_t interval_ns = 0;
  bool last = false;
  std::vector<Count> counts;
  std::vector<TopicPosition> positions;
  std::vector<EndpointReport> endpoints;
  TopicSet publishes;
};

// Writes a whole batch into the builder, which is cleared first. Cold path. The
// bytes live as long as the builder is left alone.
Bytes write_heartbeat(flatbuffers::FlatBufferBuilder& builder, const Heartbeat& heartbeat);

} // namespace xdpcap::publish
