#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "record/records.hpp"

namespace xdpcap::publish {

// Community ID version 1, seed 0, of a TCP connection: the same text that Zeek,
// Suricata and Arkime give it, in both directions
// (https://github.com/corelight/community-id-spec). No allocation.
class CommunityId {
 public:
  CommunityId(const record::Endpoint& one, const record::Endpoint& other) noexcept;

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 30> text_; // "1:" and 20 bytes in base64
};

} // namespace xdpcap::publish
