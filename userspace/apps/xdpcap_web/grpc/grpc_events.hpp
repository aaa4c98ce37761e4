#pragma once

#include <string_view>

#include "apps/xdpcap_web/api/packet.hpp"
#include "apps/xdpcap_web/store/connection.hpp"
#include "tcp_monitor.pb.h"

// Records and connections as messages of schemas/tcp_monitor.proto.
namespace xdpcap::web {

// A request as a filter; an error names the field. Names of hosts have been looked up.
Result<PacketFilter, ApiError> filter_of(const v1::MonitorRequest& request,
                                         const HostAddresses& looked_up);
// The names that it wants to be looked up.
std::vector<std::string> names_of(const v1::MonitorRequest& request);

// `source` is that of the record's batch.
void fill(v1::Packet& packet, const schema::SegmentRecord& record, std::uint64_t source);
void fill(v1::Packet& packet, const schema::DatagramRecord& record, std::uint64_t source);
void fill(v1::Connection& message, const Connection& connection);

} // namespace xdpcap::web
