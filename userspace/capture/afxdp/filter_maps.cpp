#include "capture/afxdp/filter_maps.hpp"

#include <bpf/bpf.h>

#include <cstddef>
#include <cstring>
#include <map>

#include "bpf/shared.h"
#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint8_t kPresent = 1;
constexpr std::uint8_t kV4PrefixBits =
    8 * wire::Address::v4_prefix.size(); // in front of an IPv4 address

int insert(const FilterMaps& maps, const wire::Network& network) {
  if (network.address.is_v4() && network.prefix >= kV4PrefixBits) {
    xdpcap_host4 key{};
    key.prefix_length = network.prefix - kV4PrefixBits;
    std::memcpy(&key.address, network.address.v4_bytes(), sizeof key.address);
    return ::bpf_map_update_elem(maps.hosts4_fd, &key, &kPresent, BPF_ANY);
  }
  xdpcap_host6 key{};
  key.prefix_length = network.prefix;
  std::memcpy(key.address, network.address.bytes.data(), sizeof key.address);
  return ::bpf_map_update_elem(maps.hosts6_fd, &key, &kPresent, BPF_ANY);
}

} // namespace

Result<void, Error> install_filter(const FilterMaps& maps, const wire::Filter& filter) {
  if (filter.hosts().size() > XDPCAP_HOSTS_MAX) {
    return usage("{} host ranges are given; the kernel side takes {}", filter.hosts().size(),
                 XDPCAP_HOSTS_MAX);
  }
  for (const wire::Network& network : filter.hosts()) {
    if (const int error = insert(maps, network); error != 0) {
      return environment("the host filter cannot be installed: {}", errno_text(error));
    }
  }
  std::map<std::uint32_t, std::uint64_t> words;
  for (const std::uint16_t port : filter.ports()) words[port / 64U] |= 1ULL << (port % 64U);
  for (const auto& [word, bits] : words) {
    if (const int error = ::bpf_map_update_elem(maps.ports_fd, &word, &bits, BPF_ANY); error != 0) {
      return environment("the port filter cannot be installed: {}", errno_text(error));
    }
  }
  maps.switches->hosts = filter.hosts().empty() ? 0 : 1;
  maps.switches->ports = filter.ports().empty() ? 0 : 1;
  return {};
}

} // namespace xdpcap::capture
