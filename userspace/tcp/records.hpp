#pragma once

#include "record/records.hpp"
#include "tcp/connection.hpp"
#include "tcp/verdict.hpp"
#include "wire/segment.hpp"

// What this floor knows, as it is published (schemas/xdpcap.fbs).
namespace xdpcap::tcp {

[[nodiscard]] record::FlowRecord flow_record(const Connection& connection, schema::FlowEvent event,
                                             Instant at) noexcept;
[[nodiscard]] schema::CloseReason close_reason(StreamEnd end) noexcept;
// `flow`: id of its connection; 0: of none that is followed.
[[nodiscard]] record::SegmentRecord segment_record(const wire::Segment& segment, std::uint64_t flow,
                                                   Direction direction, SegmentVerdict verdict,
                                                   bool with_payload) noexcept;

} // namespace xdpcap::tcp
