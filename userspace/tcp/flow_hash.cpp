#include "tcp/flow_hash.hpp"

#include <random>

namespace xdpcap::tcp {

HashSeed HashSeed::secret() {
  std::random_device random; // 32 bits a call
  const auto word = [&] { return std::uint64_t{random()} << 32 | random(); };
  return {word(), word()};
}

} // namespace xdpcap::tcp
