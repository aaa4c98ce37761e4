#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/xdpcap_web/host/process.hpp"
#include "apps/xdpcap_web/store/ids.hpp"
#include "core/stream.hpp"
#include "record/records.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::web {

// What one end sent, and how fast.
struct Side : record::FlowHalf {
  double rate = 0;               // bytes a second, over half a second at least
  std::uint64_t rated_bytes = 0; // payload_bytes at Connection::rated_ns
};

// The kernel's view of one end, as it was last reported; without its process.
using KernelSocket = record::SocketRecord;

// A point of a connection's course, by a flow record.
struct CoursePoint {
  std::uint64_t at_ns = 0;
  float wire_rtt_ms = 0, kernel_rtt_ms = 0; // NaN: none
  float rate[2] = {}, window[2] = {}, in_flight[2] = {};
  float cwnd = 0;
  float retransmits = 0;
};

// What the map took note of for a connection, so that it can be revised when more
// is known (which process, more bytes). Owned by the map alone.
struct MapShare {
  std::uint64_t edge = 0; // 0: none yet
  std::uint64_t bytes[2] = {};
  std::uint64_t messages = 0, errors = 0;
  std::uint64_t latency_ns = 0, latencies = 0;
  bool active = false;
};

// A TCP connection as the flow and socket records show it, and what HTTP said of it.
struct Connection {
  ConnectionId id;
  std::uint64_t revision = 0; // grows with whatever becomes known of it
  std::shared_ptr<const std::string> sensor;
  schema::Endpoint client, server;
  std::uint32_t network_namespace = 0; // of the interface that saw it; 0: not known
  bool reversed = false; // the capture took the client for the server (ConnectionTable)
  std::uint64_t first_ns = 0, last_ns = 0;
  std::uint64_t rated_ns =
      0; // until when the sides' rates are counted; messages move last_ns, not this
  bool closed = false;
  schema::CloseReason close = schema::CloseReason::open;
  std::uint64_t flags = 0; // bits by schema::FlowFlag
  std::uint64_t handshake_server_ns = 0, handshake_client_ns = 0;
  std::array<Side, 2> sides; // by index_of(Direction) of what it sends
  std::optional<KernelSocket> client_socket, server_socket;
  Ends ends;

  std::uint64_t messages = 0; // requests and responses
  std::uint64_t errors = 0;   // responses with 5xx, requests without response at the close
  std::uint64_t latency_ns_total = 0, latencies = 0;

  std::vector<CoursePoint> course; // at most kCourseMax, oldest first
  MapShare map;

  static constexpr std::size_t kCourseMax = 600;
};

} // namespace xdpcap::web
