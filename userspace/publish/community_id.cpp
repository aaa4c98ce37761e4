#include "publish/community_id.hpp"

#include <nettle/base64.h>
#include <nettle/sha1.h>

#include <algorithm>
#include <tuple>

namespace xdpcap::publish {
namespace {

constexpr std::uint8_t kTcp = 6;

// What is hashed: seed, address, address, protocol, padding, port, port; in
// network byte order, the lower endpoint first, IPv4 addresses as 4 bytes.
class Tuple {
 public:
  void add(std::uint8_t byte) noexcept { bytes_[used_++] = byte; }
  void add_port(std::uint16_t port) noexcept {
    add(static_cast<std::uint8_t>(port >> 8));
    add(static_cast<std::uint8_t>(port & 0xff));
  }
  void add_address(const record::Endpoint& endpoint) noexcept {
    if (endpoint.ip_version != 4) add_word(endpoint.address_high, 64);
    add_word(endpoint.address_low, endpoint.ip_version == 4 ? 32 : 64);
  }
  [[nodiscard]] const std::uint8_t* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  void add_word(std::uint64_t word, unsigned bits) noexcept {
    while (bits != 0) add(static_cast<std::uint8_t>(word >> (bits -= 8) & 0xff));
  }
  std::array<std::uint8_t, 2 + 16 + 16 + 2 + 4> bytes_{};
  std::size_t used_ = 0;
};

} // namespace

CommunityId::CommunityId(const record::Endpoint& one, const record::Endpoint& other) noexcept {
  const auto is_lower = [](const record::Endpoint& a, const record::Endpoint& b) {
    return std::tie(a.address_high, a.address_low, a.port) <
           std::tie(b.address_high, b.address_low, b.port);
  };
  const auto& [low, high] = std::minmax(one, other, is_lower);
  Tuple tuple;
  tuple.add_port(0); // the seed
  tuple.add_address(low);
  tuple.add_address(high);
  tuple.add(kTcp);
  tuple.add(std::uint8_t{0});
  tuple.add_port(low.port);
  tuple.add_port(high.port);

  sha1_ctx hash;
  sha1_init(&hash);
  sha1_update(&hash, tuple.size(), tuple.data());
  std::array<std::uint8_t, SHA1_DIGEST_SIZE> digest{};
  sha1_digest(&hash, digest.size(), digest.data());

  static_assert(BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) == 28);
  text_[0] = '1';
  text_[1] = ':';
  base64_encode_raw(text_.data() + 2, digest.size(), digest.data());
}

} // namespace xdpcap::publish
