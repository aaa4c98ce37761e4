#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/check.hpp"

namespace xdpcap::codec {

// The first frame of each ZeroMQ message (schemas/README.md).
enum class Topic : std::uint8_t { http, flow, tcp, udp, socket, stats, count_ };

inline constexpr std::size_t kTopics = static_cast<std::size_t>(Topic::count_);
inline constexpr std::array<std::string_view, kTopics> kTopicNames{"http", "flow",   "tcp",
                                                                   "udp",  "socket", "stats"};

// Those that come from encoders; `stats` is the publisher's own.
inline constexpr std::array kRecordTopics{Topic::http, Topic::flow, Topic::tcp, Topic::udp,
                                          Topic::socket};

inline constexpr std::size_t index_of(Topic topic) noexcept {
  XDPCAP_DCHECK(topic < Topic::count_);
  return static_cast<std::size_t>(topic);
}
inline constexpr std::string_view name_of(Topic topic) noexcept {
  return kTopicNames[index_of(topic)];
}
inline constexpr std::optional<Topic> topic_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kTopics; ++i) {
    if (kTopicNames[i] == name) return static_cast<Topic>(i);
  }
  return std::nullopt;
}

// Some of the topics.
class TopicSet {
 public:
  constexpr void add(Topic topic) noexcept { bits_ |= 1U << index_of(topic); }
  [[nodiscard]] constexpr bool has(Topic topic) const noexcept {
    return (bits_ >> index_of(topic) & 1U) != 0;
  }
  [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }
  static constexpr TopicSet of_bits(std::uint32_t bits) noexcept {
    TopicSet topics;
    topics.bits_ = bits;
    return topics;
  }
  static constexpr TopicSet all() noexcept { return of_bits((1U << kTopics) - 1); }

 private:
  std::uint32_t bits_ = 0;
};
static_assert(kTopics < 32);

} // namespace xdpcap::codec
