#pragma once

#include "publish/records.hpp"
#include "tcp/connection.hpp"
#include "tcp/verdict.hpp"
#include "wire/segment.hpp"
#include "wire/udp_datagram.hpp"

// From the words of tcp/ to those of publish/, which do not know each other.
namespace xdpcap::engine {

publish::FlowRecord flow_record(const tcp::Connection& connection, publish::FlowEvent event,
                                Instant at) noexcept;
publish::CloseReason close_reason(StreamEnd end) noexcept;
publish::SegmentRecord segment_record(const tcp::Connection& connection, Direction direction,
                                      const wire::Segment& segment, tcp::SegmentVerdict verdict,
                                      bool with_payload) noexcept;
// Of no followed connection: flow 0.
publish::SegmentRecord unowned_segment_record(const wire::Segment& segment, Direction direction,
                                              tcp::SegmentVerdict verdict,
                                              bool with_payload) noexcept;

publish::DatagramRecord datagram_record(const wire::UdpDatagram& datagram,
                                        std::size_t payload_max) noexcept;

} // namespace xdpcap::engine
