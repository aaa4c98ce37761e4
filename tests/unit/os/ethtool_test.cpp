#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "os/ethtool.hpp"

namespace xdpcap::os {
namespace {

// The Toeplitz hash as NICs compute it (Microsoft, "RSS hashing types"): for each
// set bit of the input the 32 bits of the key that begin there.
std::uint32_t toeplitz(const std::vector<std::uint8_t>& key,
                       const std::vector<std::uint8_t>& input) {
  const auto bit_of = [](const std::vector<std::uint8_t>& bytes, std::size_t bit) -> std::uint32_t {
    return std::uint32_t{bytes[bit / 8]} >> (7 - bit % 8) & 1U;
  };
  std::uint32_t hash = 0;
  for (std::size_t bit = 0; bit < input.size() * 8; ++bit) {
    if (bit_of(input, bit) == 0) continue;
    std::uint32_t window = 0;
    for (std::size_t i = 0; i < 32; ++i) window = window << 1 | bit_of(key, bit + i);
    hash ^= window;
  }
  return hash;
}

std::vector<std::uint8_t> joined(const std::vector<std::vector<std::uint8_t>>& parts) {
  std::vector<std::uint8_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(Rss, TheSymmetricKeyHashesBothDirectionsAlikeAndConnectionsApart) {
  std::mt19937 random(4711);
  const auto bytes = [&random](std::size_t count) {
    std::vector<std::uint8_t> some(count);
    for (auto& byte : some) byte = static_cast<std::uint8_t>(random());
    return some;
  };
  const auto key = symmetric_key(52);
  std::vector<unsigned> queue_use(8);
  for (const std::size_t address : {4U, 16U}) {
    for (int i = 0; i < 500; ++i) {
      const auto here = bytes(address), there = bytes(address), port = bytes(2),
                 other_port = bytes(2);
      const std::uint32_t hash = toeplitz(key, joined({here, there, port, other_port}));
      ASSERT_EQ(hash, toeplitz(key, joined({there, here, other_port, port})));
      ++queue_use[hash % queue_use.size()];
    }
  }
  for (const unsigned connections : queue_use)
    EXPECT_GT(connections, 60U) << "an even share would be 125";
}

TEST(Rss, KnowsASymmetricSetting) {
  RssSettings settings;
  settings.key = {1, 2, 3, 4};
  EXPECT_FALSE(settings.symmetric());
  settings.transform = 1;
  EXPECT_TRUE(settings.symmetric());
  settings.transform = 0;
  settings.key = symmetric_key(40);
  EXPECT_TRUE(settings.symmetric());
  EXPECT_FALSE(RssSettings{}.symmetric()) << "nothing is known";
}

TEST(Rss, ADriverWithoutItSaysNothing) {
  EXPECT_FALSE(Ethtool("lo").rss().has_value());
  EXPECT_EQ(Ethtool("lo").receive_queues(), 1U);
  EXPECT_FALSE(Ethtool("nowhere0").rss().has_value());
}

TEST(Ethtool, ReadsOffloadsByTheNamesEthtoolHas) {
  const auto features = Ethtool("lo").features();
  ASSERT_TRUE(features.contains("tx-checksum-ip-generic"));
  EXPECT_TRUE(features.find("tx-checksum-ip-generic")->second)
      << "the loopback never computes checksums";
}

} // namespace
} // namespace xdpcap::os
