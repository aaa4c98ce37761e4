#include "wire/decode_count.hpp"

#include <array>
#include <cstddef>

namespace xdpcap::wire {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(DecodeCount::count_)> kNames{
    "not_ip",
    "udp",
    "other_protocol",
    "fragment_held",
    "fragment_repeated",
    "fragment_overlap",
    "fragment_no_room",
    "fragment_too_large",
    "fragment_malformed",
    "cut_by_snaplen",
    "truncated",
    "bad_ip",
    "bad_tcp",
    "bad_tunnel",
    "bad_ip_checksum",
    "bad_tcp_checksum",
    "too_deep",
    "tunnel_off",
    "unsupported_link",
    "segments",
    "from_tunnel",
    "from_fragments",
    "checksum_offloaded",
    "checksum_bad",
    "cut",
    "fragments_joined",
    "fragments_expired",
    "fragments_evicted",
    "fragments_discarded",
};
static_assert(!kNames.back().empty(), "a counter has no name");
static_assert(kNames[static_cast<std::size_t>(DecodeCount::segments)] == "segments");
static_assert(kNames[static_cast<std::size_t>(NoSegment::bad_ip)] == "bad_ip");

} // namespace

std::string_view name_of(DecodeCount count) noexcept {
  return kNames[static_cast<std::size_t>(count)];
}
std::string_view name_of(NoSegment reason) noexcept {
  return name_of(counter_of(reason));
}

} // namespace xdpcap::wire
