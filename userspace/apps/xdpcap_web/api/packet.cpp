#include "apps/xdpcap_web/api/packet.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "apps/xdpcap_web/api/json_views.hpp"
#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

using codec::port_of;
using codec::text_of;

// Nothing where it is no address.
std::optional<schema::Endpoint> address_in(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return endpoint_of(v4);
  in6_addr v6{};
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  if (::inet_pton(AF_INET6, in_brackets ? host.substr(1, host.size() - 2).c_str() : host.c_str(),
                  &v6) == 1)
    return endpoint_of(v6);
  return std::nullopt;
}

bool names_host(std::string_view parameter) noexcept {
  return parameter == "h" || parameter == "h.src" || parameter == "h.dst";
}

std::optional<ApiError> read_port(const std::string& name, const std::string& text,
                                  std::string_view cure, std::optional<std::uint16_t>& port) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0)
    return ApiError{.parameter = name,
                    .message = fmt::format("'{}' is no port; write {}", text, cure)};
  port = number;
  return std::nullopt;
}

std::optional<ApiError> read_host(const std::string& name, const std::string& text,
                                  const HostAddresses& looked_up,
                                  std::vector<schema::Endpoint>& to) {
  if (const auto address = address_in(text)) {
    to = {*address};
    return std::nullopt;
  }
  if (const auto known = looked_up.find(text); known != looked_up.end()) {
    to = known->second;
    return std::nullopt;
  }
  return ApiError{
      .parameter = name,
      .message = fmt::format(
          "'{}' is no address and no host that has one; write 10.0.0.1 or fd00::1", text)};
}

void append_payload(JsonObject& object, const flatbuffers::Vector<std::uint8_t>* payload,
                    bool known) {
  if (payload == nullptr && !known) return object.null("payload");
  codec::json::append_base64(object.member("payload"), text_of(payload));
}

template <class Record>
void append_common(JsonObject& packet, const Record& record, const schema::Endpoint* source,
                   const schema::Endpoint* destination, std::string_view protocol) {
  packet.ms("timestamp", record.arrived_ns());
  packet.number("packet_size", record.wire_length());
  packet.text("src_ip", codec::address_of(source));
  packet.text("dst_ip", codec::address_of(destination));
  packet.text("proto", protocol);
}

void append_tcp(std::string& out, const schema::SegmentRecord& record,
                const schema::Endpoint* source, const schema::Endpoint* destination) {
  static constexpr std::array<std::string_view, 8> kFlags{"FIN", "SYN", "RST", "PSH",
                                                          "ACK", "URG", "ECE", "CWR"};
  const std::optional<TcpHeaderFacts> header = header_of(record);
  JsonObject tcp(out);
  tcp.number("src", port_of(source));
  tcp.number("dst", port_of(destination));
  tcp.number("seq", record.seq());
  tcp.number("ack", record.ack());
  header ? tcp.number("data_offset", header->data_offset) : tcp.null("data_offset");
  for (std::size_t bit = 0; bit < kFlags.size(); ++bit)
    tcp.boolean(kFlags[bit], (record.flags() >> bit & 1) != 0);
  header ? tcp.boolean("NS", header->ns) : tcp.null("NS");
  tcp.number("window", record.window());
  header ? tcp.number("checksum", header->checksum) : tcp.null("checksum");
  header ? tcp.number("urgent", header->urgent) : tcp.null("urgent");
  append_payload(tcp, record.payload(), record.payload_bytes() == 0);
  header ? codec::json::append_base64(tcp.member("options"), header->options) : tcp.null("options");
}

} // namespace

const schema::Endpoint* source_of(const schema::SegmentRecord& record) noexcept {
  return record.direction() == schema::Direction::to_server ? record.client() : record.server();
}
const schema::Endpoint* destination_of(const schema::SegmentRecord& record) noexcept {
  return record.direction() == schema::Direction::to_server ? record.server() : record.client();
}

// RFC 9293, 3.1; NS is of RFC 3540.
std::optional<TcpHeaderFacts> header_of(const schema::SegmentRecord& record) noexcept {
  constexpr std::size_t kFixed = 20;
  const std::string_view header = text_of(record.header());
  if (header.size() < kFixed) return std::nullopt;
  const auto byte = [header](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(header[at]));
  };
  TcpHeaderFacts facts;
  facts.data_offset = byte(12) >> 4;
  facts.ns = (byte(12) & 1) != 0;
  facts.checksum = static_cast<std::uint16_t>(byte(16) << 8 | byte(17));
  facts.urgent = static_cast<std::uint16_t>(byte(18) << 8 | byte(19));
  const std::size_t end =
      std::clamp<std::size_t>(facts.data_offset * std::size_t{4}, kFixed, header.size());
  facts.options = header.substr(kFixed, end - kFixed);
  return facts;
}

// An IPv4 address and its mapped form are the same; link-local scopes are passed over.
schema::Endpoint endpoint_of(const in_addr& address) noexcept {
  return {0, 0xffff00000000u | ntohl(address.s_addr), 0, 4};
}
schema::Endpoint endpoint_of(const in6_addr& address) noexcept {
  std::array<std::uint64_t, 2> words{};
  static_assert(sizeof words == sizeof address);
  std::memcpy(words.data(), &address, sizeof words);
  return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1]), 0, 6};
}

std::vector<std::string> PacketFilter::names_in(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  constexpr std::size_t kNameMax = 253; // RFC 1035, 3.1
  std::vector<std::string> names;
  for (const auto& [parameter, value] : parameters) {
    if (names_host(parameter) && !value.empty() && value.size() <= kNameMax && !address_in(value))
      names.push_back(value);
  }
  return names;
}

Result<PacketFilter, ApiError> PacketFilter::parse(
    const std::vector<std::pair<std::string, std::string>>& parameters,
    const HostAddresses& looked_up) {
  PacketFilter filter;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    std::optional<ApiError> error;
    if (name == "i") {
      filter.interface = value;
    } else if (name == "p" && (value == "tcp" || value == "udp")) {
      filter.protocol = value == "tcp" ? schema::SocketProtocol::tcp : schema::SocketProtocol::udp;
    } else if (name == "p") {
      error = read_port(name, value, "tcp, udp or a number from 1 to 65535", filter.port);
    } else if (name == "p.src" || name == "p.dst") {
      error = read_port(name, value, "a number from 1 to 65535",
                        name == "p.src" ? filter.source_port : filter.destination_port);
    } else if (names_host(name)) {
      error = read_host(name, value, looked_up,
                        name == "h"       ? filter.host
                        : name == "h.src" ? filter.source_host
                                          : filter.destination_host);
    }
    if (error) return *std::move(error);
  }
  return filter;
}

bool PacketFilter::interface_matches(std::string_view name, std::uint16_t number) const noexcept {
  if (interface.empty() || interface == name) return true;
  std::uint16_t wanted = 0;
  const auto [end, error] =
      std::from_chars(interface.data(), interface.data() + interface.size(), wanted);
  return error == std::errc{} && end == interface.data() + interface.size() && wanted == number;
}

bool PacketFilter::ends_match(const schema::Endpoint* source,
                              const schema::Endpoint* destination) const noexcept {
  const auto is_port = [](const std::optional<std::uint16_t>& wanted, const schema::Endpoint* end) {
    return end != nullptr && *wanted == end->port();
  };
  const auto is_host = [](const std::vector<schema::Endpoint>& wanted,
                          const schema::Endpoint* end) {
    return end != nullptr &&
           std::any_of(wanted.begin(), wanted.end(), [end](const schema::Endpoint& one) {
             return codec::same_address(one, *end);
           });
  };
  return (!port || is_port(port, source) || is_port(port, destination)) &&
         (!source_port || is_port(source_port, source)) &&
         (!destination_port || is_port(destination_port, destination)) &&
         (host.empty() || is_host(host, source) || is_host(host, destination)) &&
         (source_host.empty() || is_host(source_host, source)) &&
         (destination_host.empty() || is_host(destination_host, destination));
}

bool PacketFilter::matches(const schema::SegmentRecord& record,
                           std::string_view interface_name) const noexcept {
  return protocol.value_or(schema::SocketProtocol::tcp) == schema::SocketProtocol::tcp &&
         interface_matches(interface_name, record.interface()) &&
         ends_match(web::source_of(record), web::destination_of(record));
}

bool PacketFilter::matches(const schema::DatagramRecord& record,
                           std::string_view interface_name) const noexcept {
  return protocol.value_or(schema::SocketProtocol::udp) == schema::SocketProtocol::udp &&
         interface_matches(interface_name, record.interface()) &&
         ends_match(record.source(), record.destination());
}

bool PacketFilter::matches(const Connection& connection) const noexcept {
  return protocol.value_or(schema::SocketProtocol::tcp) == schema::SocketProtocol::tcp &&
         (ends_match(&connection.client, &connection.server) ||
          ends_match(&connection.server, &connection.client));
}

std::string packet_json(const schema::SegmentRecord& record) {
  const schema::Endpoint* source = source_of(record);
  const schema::Endpoint* destination = destination_of(record);
  std::string out;
  {
    JsonObject packet(out);
    append_common(packet, record, source, destination, "tcp");
    append_tcp(packet.member("tcp"), record, source, destination);
    packet.null("udp");
  }
  return out;
}

std::string packet_json(const schema::DatagramRecord& record) {
  constexpr unsigned kUdpHeader = 8;
  std::string out;
  {
    JsonObject packet(out);
    append_common(packet, record, record.source(), record.destination(), "udp");
    packet.null("tcp");
    JsonObject udp(packet.member("udp"));
    udp.number("src", port_of(record.source()));
    udp.number("dst", port_of(record.destination()));
    udp.number("length", record.length());
    udp.number("checksum", record.checksum());
    append_payload(udp, record.payload(), record.length() <= kUdpHeader);
  }
  return out;
}

} // namespace xdpcap::web
