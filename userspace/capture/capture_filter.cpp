#include "capture/capture_filter.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <charconv>
#include <cstring>
#include <map>

#include "bpf/shared.h"
#include "capture/sentence.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint8_t kPresent = 1;

int insert_host(const FilterMaps& maps, const HostRange& range) {
  if (range.is_v6) {
    xdpcap_host6 key{};
    key.prefix_length = range.prefix_length;
    std::memcpy(key.address, range.address.data(), sizeof key.address);
    return ::bpf_map_update_elem(maps.hosts6_fd, &key, &kPresent, BPF_ANY);
  }
  xdpcap_host4 key{};
  key.prefix_length = range.prefix_length;
  std::memcpy(&key.address, range.address.data(), sizeof key.address);
  return ::bpf_map_update_elem(maps.hosts4_fd, &key, &kPresent, BPF_ANY);
}

} // namespace

Result<HostRange, Error> parse_host_range(std::string_view text) {
  const Error error =
      usage("\"{}\" is no address and no range of addresses; write it as 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32", text);
  HostRange range;
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  range.is_v6 = address.find(':') != std::string::npos;
  range.prefix_length = range.is_v6 ? 128 : 32;
  if (::inet_pton(range.is_v6 ? AF_INET6 : AF_INET, address.c_str(), range.address.data()) != 1) return error;
  if (slash == std::string_view::npos) return range;
  const std::string_view digits = text.substr(slash + 1);
  std::uint32_t length = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (problem != std::errc() || end != digits.data() + digits.size() || length > range.prefix_length) return error;
  range.prefix_length = length;
  return range;
}

Result<void, Error> install_filter(const FilterMaps& maps, const CaptureFilter& filter) {
  if (filter.hosts.size() > XDPCAP_HOSTS_MAX) {
    return usage("{} host ranges are given; the kernel side takes {}", filter.hosts.size(), XDPCAP_HOSTS_MAX);
  }
  for (const std::string& text : filter.hosts) {
    const auto range = parse_host_range(text);
    if (!range) return range.error();
    if (const int error = insert_host(maps, *range); error != 0) {
      return environment("the host filter {} cannot be installed: {}", text, errno_text(error));
    }
  }
  std::map<std::uint32_t, std::uint64_t> words;
  for (const std::uint16_t port : filter.ports) words[port / 64U] |= 1ULL << (port % 64U);
  for (const auto& [word, bits] : words) {
    if (const int error = ::bpf_map_update_elem(maps.ports_fd, &word, &bits, BPF_ANY); error != 0) {
      return environment("the port filter cannot be installed: {}", errno_text(error));
    }
  }
  maps.switches->hosts = filter.hosts.empty() ? 0 : 1;
  maps.switches->ports = filter.ports.empty() ? 0 : 1;
  return {};
}

} // namespace xdpcap::capture
