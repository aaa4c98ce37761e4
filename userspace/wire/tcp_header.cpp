#include "wire/tcp_header.hpp"

namespace xdpcap::wire {

void read_tcp_options(Bytes options, TcpOptions& answer) noexcept {
  enum : std::uint8_t {
    kEnd = 0,
    kNoOperation = 1,
    kMss = 2,
    kWindowScale = 3,
    kSackPermitted = 4,
    kTimestamps = 8
  };
  enum : std::uint8_t { kMd5Signature = 19, kAuthentication = 29 };
  constexpr std::uint8_t kWindowScaleMax = 14; // RFC 7323, 2.3
  while (!options.empty()) {
    const std::byte* at = options.data();
    const std::uint8_t kind = load_u8(at);
    if (kind == kEnd) return;
    if (kind == kNoOperation) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) return;
    const std::size_t length = load_u8(at + 1);
    if (length < 2 || length > options.size()) return;
    if (kind == kMss && length == 4) {
      answer.mss = load_be16(at + 2);
    } else if (kind == kWindowScale && length == 3) {
      answer.has_window_scale = true;
      answer.window_scale = std::min(load_u8(at + 2), kWindowScaleMax);
    } else if (kind == kSackPermitted && length == 2) {
      answer.sack_permitted = true;
    } else if (kind == kTimestamps && length == 10) {
      answer.has_timestamps = true;
      answer.timestamp_value = load_be32(at + 2);
      answer.timestamp_echo = load_be32(at + 6);
    } else if (kind == kMd5Signature || kind == kAuthentication) {
      answer.has_signature = true;
    }
    options = options.subspan(length);
  }
}

} // namespace xdpcap::wire
