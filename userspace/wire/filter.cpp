#include "wire/filter.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "wire/format_address.hpp"

namespace xdpcap::wire {
namespace {

Error no_network(std::string_view text) {
  return {ExitCode::usage,
          "\"" + std::string(text) +
              "\" is no host or network; write an address as 10.0.0.1 or 2001:db8::1, "
              "or a network as 10.0.0.0/8 or 2001:db8::/32"};
}

// The byte at `index` of the mask of a prefix.
std::byte mask_byte(std::size_t prefix, std::size_t index) noexcept {
  const std::size_t bits = std::clamp<std::size_t>(prefix, index * 8, index * 8 + 8) - index * 8;
  return static_cast<std::byte>(0xff00U >> bits);
}

} // namespace

bool Network::contains(const Address& candidate) const noexcept {
  if (candidate.is_v4() != address.is_v4())
    return false; // "::/0" is every IPv6 address, and no IPv4 one
  for (std::size_t i = 0; i < candidate.bytes.size(); ++i) {
    if (((candidate.bytes[i] ^ address.bytes[i]) & mask_byte(prefix, i)) != std::byte{0})
      return false;
  }
  return true;
}

Result<Network, Error> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address) return no_network(text);
  Network network{.address = *address};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    // An IPv4 prefix is longer by the 96 bits in front of it; "::ffff:a.b.c.d" is IPv6.
    const bool is_v4 = text.find(':') == std::string_view::npos;
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    const bool is_number = error == std::errc{} && end == digits.data() + digits.size();
    if (!is_number || prefix > (is_v4 ? 32U : 128U)) return no_network(text);
    network.prefix = static_cast<std::uint8_t>(is_v4 ? prefix + 96 : prefix);
  }
  for (std::size_t i = 0; i < network.address.bytes.size(); ++i) {
    network.address.bytes[i] &= mask_byte(network.prefix, i);
  }
  return network;
}

void Filter::add_port(std::uint16_t port) {
  if (has_port(port)) return;
  ports_.push_back(port);
  port_bits_[port / 64] |= std::uint64_t{1} << (port % 64);
}

bool Filter::has_host(const Address& address) const noexcept {
  return std::any_of(hosts_.begin(), hosts_.end(),
                     [&](const Network& network) { return network.contains(address); });
}

bool Filter::wants(const FlowKey& key) const noexcept {
  if (!ports_.empty() && !has_port(key.low.port) && !has_port(key.high.port)) return false;
  return hosts_.empty() || has_host(key.low.address) || has_host(key.high.address);
}

} // namespace xdpcap::wire
