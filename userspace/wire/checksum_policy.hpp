#pragma once

#include <cstdint>

#include "wire/checksum.hpp"
#include "wire/segment.hpp"

namespace xdpcap::wire {

// Which segments are believed whose checksum does not sum up.
enum class ChecksumMode : std::uint8_t {
  // Of a recording, made nobody knows where: none is refused, but each is doubtful.
  automatic,
  // Of a mirror port: wrong ones are refused. Virtual switches mirror segments whose checksum the
  // sender left to its hardware; those are doubtful.
  mirrored,
  // Whatever does not sum up is refused.
  on,
  // None is looked at.
  off,
};

// Decides about checksums. A capture on the sending host sees segments before the network card
// completes them: the Linux kernel leaves the sum over the pseudo-header in the field, other
// senders leave anything; and files whose addresses somebody changed are wrong all through. Neither
// proves that the receiver took a segment, and an attacker can forge both. So such a segment is
// marked (Segment::checksum_result), and whoever reassembles asks the receiver's acknowledgement.
// One thread.
class ChecksumPolicy {
 public:
  explicit ChecksumPolicy(ChecksumMode mode) noexcept : mode_(mode) {}

  [[nodiscard]] bool verifying() const noexcept { return mode_ != ChecksumMode::off; }
  // A segment that is `wrong` is to be refused.
  [[nodiscard]] bool refuses() const noexcept { return mode_ != ChecksumMode::automatic; }

  // Of an IPv4 header of `bytes` bytes. In a recording hardware was to fill in a zero, and the
  // length of a super-packet; a wrong one is refused in every mode, as the addresses may be wrong.
  [[nodiscard]] ChecksumResult judge_ip(const std::byte* header, std::size_t bytes) noexcept {
    if (sums_up(add_to_sum(0, header, bytes))) [[likely]] {
      return ChecksumResult::valid;
    }
    if (mode_ != ChecksumMode::automatic) return ChecksumResult::bad;
    const bool is_left = load_be16(header + 10) == 0 || load_be16(header + 2) == 0;
    return is_left ? ChecksumResult::offloaded : learn(false);
  }

  // A TCP segment was found right by other means than judge_tcp().
  void count_valid() noexcept {
    if (mode_ == ChecksumMode::automatic) learn(true);
  }

  // Of a whole TCP segment.
  [[nodiscard]] ChecksumResult judge_tcp(const Address& source, const Address& destination,
                                         Bytes segment) noexcept {
    const std::uint64_t pseudo = pseudo_header_sum(source, destination, segment.size());
    if (sums_up(add_to_sum(pseudo, segment.data(), segment.size()))) [[likely]] {
      return mode_ == ChecksumMode::automatic ? learn(true) : ChecksumResult::valid;
    }
    if (mode_ == ChecksumMode::on) return ChecksumResult::bad;
    const auto field = load_native<std::uint16_t>(segment.data() + 16);
    if (is_partial(field, pseudo, segment.size())) return ChecksumResult::offloaded;
    return mode_ == ChecksumMode::automatic ? learn(false) : ChecksumResult::bad;
  }

 private:
  // Fewer failures than these prove nothing about the rest of a recording.
  static constexpr std::uint32_t kFailuresMin = 4;

  // Linux sums the pseudo-header with its length; Windows leaves the length out
  // of it where the card is to cut the segment (large send offload).
  static bool is_partial(std::uint16_t field, std::uint64_t pseudo, std::size_t bytes) noexcept {
    if (field == fold(pseudo)) return true;
    return field == fold(pseudo - __builtin_bswap32(static_cast<std::uint32_t>(bytes)));
  }

  // Corruption is one frame in millions. Where failures are more than one in ten the sender, or who
  // changed the recording, is the reason: then they say nothing about a single segment.
  ChecksumResult learn(bool right) noexcept {
    ++verified_;
    if (right) return ChecksumResult::valid;
    ++failed_;
    return failed_ >= kFailuresMin && failed_ * 10 > verified_ ? ChecksumResult::offloaded
                                                               : ChecksumResult::bad;
  }

  ChecksumMode mode_;
  std::uint64_t verified_ = 0;
  std::uint64_t failed_ = 0;
};

} // namespace xdpcap::wire
