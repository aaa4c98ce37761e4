#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace xdpcap::publish {

// The first frame of each ZeroMQ message (schemas/README.md). `socket` is a
// reserved name: nothing is published under it yet.
enum class Topic : std::uint8_t { http, flow, tcp, stats, count_ };

inline constexpr std::size_t kTopics = static_cast<std::size_t>(Topic::count_);
inline constexpr std::array<std::string_view, kTopics> kTopicNames{"http", "flow", "tcp", "stats"};

inline constexpr std::size_t index_of(Topic topic) noexcept {
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

} // namespace xdpcap::publish
