#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstdint>
#include <vector>

namespace xdpcap::capture {

// The values of one entry of a per-CPU map, one for each possible CPU. The kernel
// pads each to eight bytes, which counters are multiples of.
template <class Value>
std::vector<Value> read_per_cpu(int map_fd, std::uint32_t key) {
  static_assert(sizeof(Value) % 8 == 0);
  const int cpus = ::libbpf_num_possible_cpus();
  std::vector<Value> values(cpus > 0 ? static_cast<std::size_t>(cpus) : 0);
  if (values.empty() || ::bpf_map_lookup_elem(map_fd, &key, values.data()) != 0) values.clear();
  return values;
}

} // namespace xdpcap::capture
