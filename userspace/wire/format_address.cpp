#include "wire/format_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace xdpcap::wire {

Text::Text(const Address& address) noexcept {
  add_address(address);
}

Text::Text(const Endpoint& endpoint) noexcept {
  const bool is_v4 = endpoint.address.is_v4();
  if (!is_v4) add('[');
  add_address(endpoint.address);
  if (!is_v4) add(']');
  add(':');
  char* end = std::to_chars(characters_.data() + length_, characters_.data() + characters_.size(),
                            endpoint.port)
                  .ptr;
  length_ = static_cast<std::size_t>(end - characters_.data());
}

void Text::add_address(const Address& address) noexcept {
  char* to = characters_.data() + length_;
  const auto room = static_cast<socklen_t>(characters_.size() - length_);
  if (address.is_v4()) {
    ::inet_ntop(AF_INET, address.v4_bytes(), to, room);
  } else {
    ::inet_ntop(AF_INET6, address.bytes.data(), to, room);
  }
  length_ += std::strlen(to);
}

std::optional<Address> parse_address(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  Address address;
  if (::inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) return address;
  std::array<std::byte, 4> four_bytes{};
  if (::inet_pton(AF_INET, terminated.data(), four_bytes.data()) == 1)
    return Address::from_v4(four_bytes.data());
  return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) noexcept {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);

  Endpoint endpoint;
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), endpoint.port);
  if (error != std::errc{} || end != port_text.data() + port_text.size()) return std::nullopt;
  const std::optional<Address> address = parse_address(host);
  const bool has_colon = host.find(':') != std::string_view::npos;
  if (!address || has_colon != bracketed) return std::nullopt;
  endpoint.address = *address;
  return endpoint;
}

} // namespace xdpcap::wire
