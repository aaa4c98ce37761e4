// Whoever chooses addresses does not choose buckets.
#include "tcp/flow_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support/dialogue.hpp"

namespace xdpcap::tcp {
namespace {

constexpr std::uint32_t kKeys = 1 << 16;

wire::Address v6(std::uint64_t prefix, std::uint64_t interface) {
  wire::Address address;
  for (std::size_t i = 0; i < 8; ++i) {
    address.bytes[i] = static_cast<std::byte>(prefix >> (56 - 8 * i));
    address.bytes[8 + i] = static_cast<std::byte>(interface >> (56 - 8 * i));
  }
  return address;
}
wire::Address v4(std::uint32_t address) {
  const std::uint32_t big_endian = __builtin_bswap32(address);
  return wire::Address::from_v4(reinterpret_cast<const std::byte*>(&big_endian));
}
wire::FlowKey key_of(const wire::Endpoint& one, const wire::Endpoint& other) {
  return one < other ? wire::FlowKey{one, other} : wire::FlowKey{other, one};
}

// Families of 65,536 keys that an attacker could send, each with something constant that a weak
// mixer multiplies by zero, cancels, or shifts away.
struct Family {
  std::string name;
  std::function<wire::FlowKey(std::uint32_t)> key;
};
std::vector<Family> families() {
  const wire::Endpoint server6{v6(0xfd00000000000001, 1), 80};
  const wire::Endpoint server4{v4(0x0a000002), 80};
  const auto host = [](std::uint64_t prefix) {
    return [=](std::uint32_t i) { return wire::Endpoint{v6(prefix, i), 4000}; };
  };
  std::vector<Family> made;
  const auto of_prefix = [&](const std::string& name, std::uint64_t prefix) {
    made.push_back({name, [=](std::uint32_t i) { return key_of(host(prefix)(i), server6); }});
  };
  of_prefix("a /64 whose prefix was a constant of the former hash", 0x2f64bd78641d76a0);
  of_prefix("the other one", 0xdb28b4a0d17e03e7);
  of_prefix("zero prefix", 0);
  of_prefix("ones prefix", ~std::uint64_t{0});
  made.push_back({"IPv4 hosts", [=](std::uint32_t i) {
                    return key_of({v4(0xc6120000 + i), 4000}, server4);
                  }});
  made.push_back({"IPv4 hosts, high bytes", [=](std::uint32_t i) {
                    return key_of({v4(0x0100000a + (i << 8)), 4000}, server4);
                  }});
  made.push_back({"ports", [=](std::uint32_t i) {
                    return key_of({v4(0xc6120001), static_cast<std::uint16_t>(i)}, server4);
                  }});
  made.push_back({"one difference of both ports", [=](std::uint32_t i) {
                    return key_of({v4(1), static_cast<std::uint16_t>(i)},
                                  {v4(2), static_cast<std::uint16_t>(i + 7)});
                  }});
  made.push_back({"addresses that cancel each other", [=](std::uint32_t i) {
                    return key_of({v6(i, i), 4000}, {v6(~std::uint64_t{i}, ~std::uint64_t{i}), 80});
                  }});
  made.push_back({"prefixes", [=](std::uint32_t i) {
                    return key_of({v6(std::uint64_t{i} << 32, 5), 4000}, server6);
                  }});
  made.push_back({"powers and their sums", [=](std::uint32_t i) {
                    return key_of({v6(0x20010db8ULL << 32, std::uint64_t{i} << 48), 4000}, server6);
                  }});
  made.push_back({"words in the other order", [=](std::uint32_t i) {
                    return i % 2 == 0 ? key_of({v6(i, 9), 1}, {v6(9, i), 1})
                                      : key_of({v6(9, i - 1), 1}, {v6(i - 1, 9), 2});
                  }});
  return made;
}

// Buckets as the flow index has them, and more than there are keys in one of them by chance.
std::uint32_t fullest_bucket(const FlowHash& hash, const Family& family) {
  std::vector<std::uint32_t> load(kKeys / 8);
  for (std::uint32_t i = 0; i < kKeys; ++i) ++load[hash(family.key(i)) >> 16 & (load.size() - 1)];
  return *std::max_element(load.begin(), load.end());
}

TEST(FlowHash, no_family_of_addresses_meets_in_a_bucket_under_any_seed) {
  std::mt19937_64 random{20261127};
  for (int round = 0; round < 4; ++round) {
    const FlowHash hash{{random(), random()}};
    for (const Family& family : families()) {
      // 8 expected; 40 by chance happens once in 10^15 buckets.
      EXPECT_LT(fullest_bucket(hash, family), 40U) << family.name;
    }
  }
}

TEST(FlowHash, both_halves_of_the_seed_and_every_part_of_the_key_count) {
  const FlowHash hash{{1, 2}};
  const wire::FlowKey key = key_of({v4(1), 10}, {v4(2), 20});
  const std::uint64_t value = hash(key);
  EXPECT_EQ(hash(key), value);
  EXPECT_NE((FlowHash{{2, 2}}(key)), value);
  EXPECT_NE((FlowHash{{1, 3}}(key)), value);
  EXPECT_NE(hash(key_of({v4(1), 11}, {v4(2), 20})), value);
  EXPECT_NE(hash(key_of({v4(1), 10}, {v4(2), 21})), value);
  EXPECT_NE(hash(key_of({v4(1), 20}, {v4(2), 10})), value);
  EXPECT_NE(hash(key_of({v4(3), 10}, {v4(2), 20})), value);
  EXPECT_NE(hash(key_of({v6(0, 1), 10}, {v6(0, 2), 20})), value);
  // IPv6 with the prefix that stands for IPv4 in a key, on one side alone.
  EXPECT_NE(hash(wire::FlowKey{{v4(1), 10}, {v6(0, 2), 20}}),
            hash(wire::FlowKey{{v4(1), 10}, {v6(0, 3), 20}}));
}

} // namespace
} // namespace xdpcap::tcp
