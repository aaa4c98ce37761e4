#include "wire/decode.hpp"

#include <algorithm>

#include "wire/tcp_header.hpp"
#include "wire/walk.hpp"

namespace xdpcap::wire {
namespace {

Step read(Layer layer, Walk& walk) noexcept {
  switch (layer) {
    case Layer::ethernet:
      return read_ethernet(walk);
    case Layer::vlan:
      return read_vlan(walk);
    case Layer::llc:
      return read_llc(walk);
    case Layer::mpls:
      return read_mpls(walk);
    case Layer::pppoe:
      return read_pppoe(walk);
    case Layer::ppp:
      return read_ppp(walk);
    case Layer::pbb:
      return read_pbb(walk);
    case Layer::nsh:
      return read_nsh(walk);
    case Layer::ip:
      return read_ip(walk);
    case Layer::ipv4:
      return read_ipv4(walk);
    case Layer::ipv6:
      return read_ipv6(walk);
    case Layer::ip_payload:
      return read_ip_payload(walk);
    case Layer::extension:
      return read_extension(walk);
    case Layer::udp:
      return read_udp(walk);
    case Layer::gre:
      return read_gre(walk);
    case Layer::erspan:
      return read_erspan(walk);
    case Layer::etherip:
      return read_etherip(walk);
    case Layer::vxlan:
      return read_vxlan(walk);
    case Layer::vxlan_gpe:
      return read_vxlan_gpe(walk);
    case Layer::geneve:
      return read_geneve(walk);
    case Layer::gtp_u:
      return read_gtp_u(walk);
    case Layer::teredo:
      return read_teredo(walk);
    case Layer::wireless:
      return read_wireless(walk);
    case Layer::fragment: // the decoder's own business, which owns the store
    case Layer::tcp:
    case Layer::refused:
      break;
  }
  return NotASegment::not_ip;
}

} // namespace

Decoder::Decoder(const DecodeOptions& options)
    : options_(options), checksums_(options.checksums), fragments_(options.fragment_bytes, counters_) {}

NotASegment Decoder::refuse(NotASegment why) noexcept {
  counters_.add(counter_of(why));
  return why;
}

// The segment is made where it stays: it is too large to be copied from frame to frame.
Result<Segment, NotASegment> Decoder::decode(const Frame& frame) noexcept {
  Result<Segment, NotASegment> answer{std::in_place};
  if (const std::optional<NotASegment> why = fill(*answer, frame)) [[unlikely]] {
    answer = refuse(*why);
  }
  return answer;
}

std::optional<NotASegment> Decoder::fill(Segment& segment, const Frame& frame) noexcept {
  Walk walk;
  walk.rest = {frame.bytes.data(), frame.bytes.size(), std::max<std::size_t>(frame.wire_length, frame.bytes.size())};
  walk.tunnels = options_.tunnels;
  walk.checksums = &checksums_;

  // Ethernet, two tags at most, IPv4, TCP: straight ahead. The rest walks.
  Step step = frame.link == LinkType::ethernet ? read_ethernet(walk) : first_layer(frame.link, walk);
  if (step.layer == Layer::vlan) step = read_vlan(walk);
  if (step.layer == Layer::vlan) step = read_vlan(walk);
  if (step.layer == Layer::ipv4) [[likely]] {
    step = read_ipv4(walk);
  }
  if (step.layer != Layer::tcp) [[unlikely]] {
    step = walk_on(walk, step, frame.arrived);
  }
  if (step.layer != Layer::tcp) [[unlikely]] {
    if (step.why == NotASegment::udp && options_.datagrams) keep_datagram(walk, frame);
    return step.why;
  }
  step = read_tcp(walk, segment);
  if (step.layer != Layer::tcp) [[unlikely]] {
    return step.why;
  }
  segment.arrived = frame.arrived;
  segment.wire_length = frame.wire_length;
  segment.interface = frame.interface;
  segment.unusual = walk.has_options || segment.options.has_signature;
  segment.checksum_state = judge_checksum(walk);
  if (segment.checksum_state == ChecksumState::wrong && checksums_.refuses()) [[unlikely]] {
    refused_ = segment;
    return NotASegment::bad_tcp_checksum;
  }
  counters_.add(DecodeCount::segments);
  if (segment.missing_tail != 0) [[unlikely]] {
    counters_.add(DecodeCount::cut);
  }
  if (segment.checksum_state != ChecksumState::trusted) [[unlikely]] {
    counters_.add(segment.checksum_state == ChecksumState::offloaded ? DecodeCount::checksum_offloaded
                                                                     : DecodeCount::checksum_wrong);
  }
  if (walk.from_tunnel) [[unlikely]] {
    counters_.add(DecodeCount::from_tunnel);
  }
  if (walk.from_fragments) [[unlikely]] {
    counters_.add(DecodeCount::from_fragments);
  }
  return std::nullopt;
}

void Decoder::keep_datagram(const Walk& walk, const Frame& frame) noexcept {
  constexpr std::size_t kHeader = 8;
  const std::byte* at = walk.udp.header;
  datagram_ = {.source = {walk.source, load_be16(at)},
               .destination = {walk.destination, load_be16(at + 2)},
               .length = load_be16(at + 4),
               .checksum = load_be16(at + 6),
               .payload = {at + kHeader, walk.udp.payload},
               .arrived = frame.arrived,
               .wire_length = frame.wire_length,
               .interface = frame.interface};
}

Step Decoder::walk_on(Walk& walk, Step step, Instant arrived) noexcept {
  for (unsigned depth = 0; step.layer != Layer::tcp && step.layer != Layer::refused; ++depth) {
    if (depth == options_.depth_max) return NotASegment::too_deep;
    step = step.layer == Layer::fragment ? join(walk, arrived) : read(step.layer, walk);
  }
  return step;
}

// A fragment goes into the store; the one that completes its datagram takes the
// walk with it, into what was behind the IP header.
Step Decoder::join(Walk& walk, Instant arrived) noexcept {
  if (walk.rest.cut()) return NotASegment::snapped;
  Datagram whole;
  const Fragment fragment{.source = walk.source,
                          .destination = walk.destination,
                          .id = walk.fragment.id,
                          .protocol = walk.protocol,
                          .is_v6 = walk.is_v6,
                          .more = walk.fragment.more,
                          .offset = walk.fragment.offset,
                          .bytes = {walk.rest.at, walk.rest.captured},
                          .arrived = arrived};
  if (const std::optional<NotASegment> held = fragments_.add(fragment, whole)) return *held;
  walk.rest = {whole.bytes.data(), whole.bytes.size(), whole.bytes.size()};
  walk.protocol = whole.protocol;
  walk.from_fragments = true;
  return after_protocol(walk);
}

// The sum of a header before this one may be doubtful already.
ChecksumState Decoder::judge_checksum(const Walk& walk) noexcept {
  if (!checksums_.verifying() || walk.rest.cut() || !walk.verifiable) return walk.checksum_state;
  const ChecksumState state = checksums_.judge_tcp(walk.source, walk.destination, {walk.rest.at, walk.rest.captured});
  return std::max(state, walk.checksum_state);
}

} // namespace xdpcap::wire
