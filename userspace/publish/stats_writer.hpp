#pragma once

#include <cstdint>
#include <string_view>

#include "core/bytes.hpp"
#include "record/records.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::publish {

// All a heartbeat says.
struct Heartbeat {
  std::string_view sensor;
  std::uint64_t epoch_ns = 0;
  std::uint64_t topic_seq = 0; // of `stats`; published as shard 0
  record::StatsRecord stats;
};

// Writes a whole batch into the builder, which is cleared first. Cold path. The
// bytes live as long as the builder is left alone.
Bytes write_heartbeat(flatbuffers::FlatBufferBuilder& builder, const Heartbeat& heartbeat);

} // namespace xdpcap::publish
