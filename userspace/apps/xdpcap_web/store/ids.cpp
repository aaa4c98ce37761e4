#include "apps/xdpcap_web/store/ids.hpp"

#include <fmt/core.h>

#include <charconv>

namespace xdpcap::web {
namespace {

// Takes "hex" or "hex-" off the front of `text`.
template <class Number>
bool parse_part(std::string_view& text, Number& number, bool last) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (last) return text.empty();
  if (!text.starts_with('-')) return false;
  text.remove_prefix(1);
  return true;
}

} // namespace

std::string ConnectionId::text() const {
  return fmt::format("{:x}-{:x}", source, flow);
}

std::optional<ConnectionId> ConnectionId::parse(std::string_view text) noexcept {
  ConnectionId id;
  if (!parse_part(text, id.source, false) || !parse_part(text, id.flow, true)) return std::nullopt;
  return id;
}

std::string ExchangeId::text() const {
  return fmt::format("{:x}-{:x}-{:x}", connection.source, connection.flow, index);
}

std::optional<ExchangeId> ExchangeId::parse(std::string_view text) noexcept {
  ExchangeId id;
  if (!parse_part(text, id.connection.source, false) ||
      !parse_part(text, id.connection.flow, false) || !parse_part(text, id.index, true))
    return std::nullopt;
  return id;
}

// FNV-1a over the name, mixed with the epoch.
std::uint64_t source_of(std::string_view sensor, std::uint64_t epoch) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : sensor)
    hash = (hash ^ static_cast<unsigned char>(c)) * std::uint64_t{0x100000001b3};
  return (hash ^ epoch) * std::uint64_t{0x9e3779b97f4a7c15};
}

} // namespace xdpcap::web
