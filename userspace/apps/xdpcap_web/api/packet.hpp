#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/xdpcap_web/host/name_lookup.hpp"
#include "apps/xdpcap_web/server/http_types.hpp"
#include "apps/xdpcap_web/store/connection.hpp"
#include "core/result.hpp"
#include "schemas/xdpcap_generated.h"

// Packets as `/api/capture` and the service TcpMonitor send them, made of the records of the topics
// `tcp` and `udp`.
namespace xdpcap::web {

// Who sent it; the ends of a segment depend on its direction. The verifier does not ask for ends:
// they may be missing.
const schema::Endpoint* source_of(const schema::SegmentRecord& record) noexcept;
const schema::Endpoint* destination_of(const schema::SegmentRecord& record) noexcept;

// An address, without a port.
schema::Endpoint endpoint_of(const in_addr& address) noexcept;
schema::Endpoint endpoint_of(const in6_addr& address) noexcept;

// What only the TCP header itself says.
struct TcpHeaderFacts {
  unsigned data_offset = 0; // words of 32 bits, as sent (RFC 9293, 3.1)
  bool ns = false;
  std::uint16_t checksum = 0, urgent = 0;
  std::string_view options; // borrowed from the record
};
// Nothing where the record has no header or too short a one; options end where the captured header
// does.
std::optional<TcpHeaderFacts> header_of(const schema::SegmentRecord& record) noexcept;

// Which packets are wanted; all conditions must hold. Lists are the addresses of one host: any of
// them.
struct PacketFilter {
  std::string interface = {}; // name; or, all digits, the number that records carry; empty: any
  std::optional<schema::SocketProtocol> protocol = {};
  std::optional<std::uint16_t> port = {}, source_port = {}, destination_port = {};
  std::vector<schema::Endpoint> host = {}, source_host = {}, destination_host = {};

  // The parameters of `/api/capture` (i p h h.src h.dst p.src p.dst; others are passed over); empty
  // values are as absent ones. An error names its parameter. Names of hosts have been looked up.
  static Result<PacketFilter, ApiError> parse(
      const std::vector<std::pair<std::string, std::string>>& parameters,
      const HostAddresses& looked_up = {});
  // The names that parse() wants to be looked up.
  static std::vector<std::string> names_in(
      const std::vector<std::pair<std::string, std::string>>& parameters);

  // `interface` is the name of the record's interface, as far as the caller knows it.
  [[nodiscard]] bool matches(const schema::SegmentRecord& record,
                             std::string_view interface) const noexcept;
  [[nodiscard]] bool matches(const schema::DatagramRecord& record,
                             std::string_view interface) const noexcept;
  // Whether packets of it may match, in one of its directions; it is on no interface.
  [[nodiscard]] bool matches(const Connection& connection) const noexcept;

 private:
  [[nodiscard]] bool ends_match(const schema::Endpoint* source,
                                const schema::Endpoint* destination) const noexcept;
  [[nodiscard]] bool interface_matches(std::string_view name, std::uint16_t number) const noexcept;
};

// The data of an event `packet` (README.md, "Capture").
std::string packet_json(const schema::SegmentRecord& record);
std::string packet_json(const schema::DatagramRecord& record);

} // namespace xdpcap::web
