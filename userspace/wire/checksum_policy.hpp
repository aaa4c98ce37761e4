#pragma once

#include <cstdint>

#include "wire/checksum.hpp"

namespace xdpcap::wire {

enum class ChecksumMode : std::uint8_t {
  automatic, // refuse what is corrupt, take what a sender left to its hardware
  on,        // refuse whatever does not sum up
  off,       // look at none
};

enum class Verdict : std::uint8_t { right, partial, left, wrong };

// Decides about checksums. A capture on the sending host sees segments before
// the network card completes them: the Linux kernel leaves the sum over the
// pseudo-header in the field, other senders leave anything; and files whose
// addresses somebody changed are wrong all through. `automatic` knows the former at
// sight. As to the rest: corruption is one frame in millions, so failures that are
// more than one in ten are no corruption. Such a segment is taken, and after some
// of them (within the first thousand) verification is given up. One thread.
class ChecksumPolicy {
 public:
  explicit ChecksumPolicy(ChecksumMode mode) noexcept : mode_(mode), verifying_(mode != ChecksumMode::off) {}

  [[nodiscard]] bool verifying() const noexcept { return verifying_; }
  [[nodiscard]] bool given_up() const noexcept { return mode_ != ChecksumMode::off && !verifying_; }

  // Of an IPv4 header of `octets` octets. Hardware fills in a zero, and the length of a super-packet.
  [[nodiscard]] Verdict judge_ip(const std::byte* header, std::size_t octets) noexcept {
    if (sums_up(add_to_sum(0, header, octets))) [[likely]] {
      return Verdict::right;
    }
    if (mode_ == ChecksumMode::on) return Verdict::wrong;
    const bool is_left = load_be16(header + 10) == 0 || load_be16(header + 2) == 0;
    return is_left ? Verdict::partial : learn(false);
  }

  // Of a whole TCP segment.
  [[nodiscard]] Verdict judge_tcp(const Address& source, const Address& destination, Bytes segment) noexcept {
    const std::uint64_t pseudo = pseudo_header_sum(source, destination, segment.size());
    const auto field = load_native<std::uint16_t>(segment.data() + 16);
    if (mode_ == ChecksumMode::automatic && is_partial(field, pseudo, segment.size())) return Verdict::partial;
    const bool right = sums_up(add_to_sum(pseudo, segment.data(), segment.size()));
    if (mode_ == ChecksumMode::automatic) return learn(right);
    return right ? Verdict::right : Verdict::wrong;
  }

 private:
  static constexpr std::uint32_t kTrial = 1000;
  // Fewer failures than these prove nothing about the frames to come.
  static constexpr std::uint32_t kFailuresMin = 4;

  // Linux sums the pseudo-header with its length; Windows leaves the length out
  // of it where the card is to cut the segment (large send offload).
  static bool is_partial(std::uint16_t field, std::uint64_t pseudo, std::size_t octets) noexcept {
    if (field == fold(pseudo)) return true;
    return field == fold(pseudo - __builtin_bswap32(static_cast<std::uint32_t>(octets)));
  }

  Verdict learn(bool right) noexcept {
    if (verified_ < kTrial) {
      ++verified_;
      if (!right) ++failed_;
    }
    if (right) return Verdict::right;
    const bool is_systematic = failed_ * 10 > verified_;
    if (!is_systematic) return Verdict::wrong;
    if (failed_ >= kFailuresMin) verifying_ = false;
    return Verdict::left;
  }

  ChecksumMode mode_;
  bool verifying_;
  std::uint32_t verified_ = 0;
  std::uint32_t failed_ = 0;
};

} // namespace xdpcap::wire
