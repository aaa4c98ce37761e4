#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpcap::web {

// Names of connections and exchanges, unique over sensors and restarts. `source`
// stands for a sensor and its epoch. As text: hexadecimal numbers with - between.
struct ConnectionId {
  std::uint64_t source = 0, flow = 0;

  friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
  [[nodiscard]] std::string text() const;
  static std::optional<ConnectionId> parse(std::string_view text) noexcept;
};

struct ExchangeId {
  ConnectionId connection;
  std::uint32_t index = 0;

  friend auto operator<=>(const ExchangeId&, const ExchangeId&) = default;
  [[nodiscard]] std::string text() const;
  static std::optional<ExchangeId> parse(std::string_view text) noexcept;
};

// The `source` of a batch.
std::uint64_t source_of(std::string_view sensor, std::uint64_t epoch) noexcept;

struct IdHash {
  std::size_t operator()(const ConnectionId& id) const noexcept {
    return static_cast<std::size_t>((id.source ^ id.flow) * std::uint64_t{0x9e3779b97f4a7c15});
  }
  std::size_t operator()(const ExchangeId& id) const noexcept {
    return (*this)(id.connection) + id.index;
  }
};

} // namespace xdpcap::web
