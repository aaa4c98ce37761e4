#include "wire/decode.hpp"

#include <algorithm>

#include "wire/cursor.hpp"
#include "wire/plain_frame.hpp"
#include "wire/tcp_header.hpp"

namespace xdpcap::wire {
namespace {

NextHeader read(Layer layer, Cursor& cursor) noexcept {
  switch (layer) {
    case Layer::ethernet:
      return read_ethernet(cursor);
    case Layer::vlan:
      return read_vlan(cursor);
    case Layer::llc:
      return read_llc(cursor);
    case Layer::mpls:
      return read_mpls(cursor);
    case Layer::pppoe:
      return read_pppoe(cursor);
    case Layer::ppp:
      return read_ppp(cursor);
    case Layer::pbb:
      return read_pbb(cursor);
    case Layer::nsh:
      return read_nsh(cursor);
    case Layer::ip:
      return read_ip(cursor);
    case Layer::ipv4:
      return read_ipv4(cursor);
    case Layer::ipv6:
      return read_ipv6(cursor);
    case Layer::ip_payload:
      return read_ip_payload(cursor);
    case Layer::extension:
      return read_extension(cursor);
    case Layer::udp:
      return read_udp(cursor);
    case Layer::gre:
      return read_gre(cursor);
    case Layer::erspan:
      return read_erspan(cursor);
    case Layer::etherip:
      return read_etherip(cursor);
    case Layer::vxlan:
      return read_vxlan(cursor);
    case Layer::vxlan_gpe:
      return read_vxlan_gpe(cursor);
    case Layer::geneve:
      return read_geneve(cursor);
    case Layer::gtp_u:
      return read_gtp_u(cursor);
    case Layer::teredo:
      return read_teredo(cursor);
    case Layer::wireless:
      return read_wireless(cursor);
    case Layer::fragment: // the decoder's own business, which owns the store
    case Layer::tcp:
    case Layer::refused:
      break;
  }
  return NoSegment::not_ip;
}

} // namespace

Decoder::Decoder(const DecodeOptions& options)
    : options_(options),
      checksums_(options.checksums),
      fragments_(options.fragment_bytes, counters_) {}

NoSegment Decoder::refuse(NoSegment why) noexcept {
  counters_.add(counter_of(why));
  return why;
}

// The segment is made where it stays: it is too large to be copied from frame to frame.
Result<Segment, NoSegment> Decoder::decode(const Frame& frame) noexcept {
  Result<Segment, NoSegment> answer{std::in_place};
  if (fill_plain(*answer, frame)) [[likely]]
    return answer;
  if (const std::optional<NoSegment> why = fill(*answer, frame)) [[unlikely]] {
    answer = refuse(*why);
  }
  return answer;
}

// Straight ahead to the answer that fill() gives. False, and nothing changed: the frame is not
// plain, or has something wrong that fill() finds.
inline bool Decoder::fill_plain(Segment& segment, const Frame& frame) noexcept {
  constexpr std::size_t kHeaderMin = 20;
  const PlainFrame plain = find_plain(frame, options_.tunnels);
  if (plain.ip == nullptr) return false;
  const std::byte* const tcp = plain.tcp.data();
  const std::size_t header = static_cast<std::size_t>(load_u8(tcp + 12) >> 4) * 4;
  if (header < kHeaderMin || header > plain.tcp.size()) return false;
  if (checksums_.verifying()) {
    if (!has_right_sums(plain)) return false;
    checksums_.count_valid();
  }
  const std::uint16_t source = load_be16(tcp), destination = load_be16(tcp + 2);
  if (plain.is_v6) {
    set_key({Address::from_v6(plain.ip + 8), source},
            {Address::from_v6(plain.ip + 24), destination}, segment);
  } else {
    set_key({Address::from_v4(plain.ip + 12), source},
            {Address::from_v4(plain.ip + 16), destination}, segment);
  }
  read_tcp_fields(tcp, header, segment);
  segment.payload = plain.tcp.subspan(header);
  segment.unusual = segment.options.has_signature;
  segment.arrived = frame.arrived;
  segment.wire_length = frame.wire_length;
  segment.interface = frame.interface;
  counters_.add(DecodeCount::segments);
  return true;
}

std::optional<NoSegment> Decoder::fill(Segment& segment, const Frame& frame) noexcept {
  Cursor cursor;
  cursor.rest = {frame.bytes.data(), frame.bytes.size(),
                 std::max<std::size_t>(frame.wire_length, frame.bytes.size())};
  cursor.tunnels = options_.tunnels;
  cursor.checksums = &checksums_;

  // Of a plain frame up to two tags do not count as depth.
  NextHeader step =
      frame.link == LinkType::ethernet ? read_ethernet(cursor) : first_layer(frame.link, cursor);
  if (step.layer == Layer::vlan) step = read_vlan(cursor);
  if (step.layer == Layer::vlan) step = read_vlan(cursor);
  if (step.layer == Layer::ipv4) step = read_ipv4(cursor);
  step = advance(cursor, step, frame.arrived);
  if (step.layer != Layer::tcp) [[unlikely]] {
    if (step.why == NoSegment::udp && options_.datagrams) keep_datagram(cursor, frame);
    return step.why;
  }
  step = read_tcp(cursor, segment);
  if (step.layer != Layer::tcp) [[unlikely]] {
    return step.why;
  }
  segment.arrived = frame.arrived;
  segment.wire_length = frame.wire_length;
  segment.interface = frame.interface;
  segment.unusual = cursor.has_options || cursor.overlapped || segment.options.has_signature;
  segment.checksum_result = judge_checksum(cursor);
  if (segment.checksum_result == ChecksumResult::bad && checksums_.refuses()) [[unlikely]] {
    refused_ = segment;
    return NoSegment::bad_tcp_checksum;
  }
  counters_.add(DecodeCount::segments);
  if (segment.cut_by_snaplen != 0) [[unlikely]] {
    counters_.add(DecodeCount::cut);
  }
  if (segment.checksum_result != ChecksumResult::valid) [[unlikely]] {
    counters_.add(segment.checksum_result == ChecksumResult::offloaded
                      ? DecodeCount::checksum_offloaded
                      : DecodeCount::checksum_bad);
  }
  if (cursor.from_tunnel) [[unlikely]] {
    counters_.add(DecodeCount::from_tunnel);
  }
  if (cursor.from_fragments) [[unlikely]] {
    counters_.add(DecodeCount::from_fragments);
  }
  return std::nullopt;
}

void Decoder::keep_datagram(const Cursor& cursor, const Frame& frame) noexcept {
  constexpr std::size_t kHeader = 8;
  const std::byte* at = cursor.udp.header;
  datagram_ = {.source = {cursor.source, load_be16(at)},
               .destination = {cursor.destination, load_be16(at + 2)},
               .length = load_be16(at + 4),
               .checksum = load_be16(at + 6),
               .payload = {at + kHeader, cursor.udp.payload},
               .arrived = frame.arrived,
               .wire_length = frame.wire_length,
               .interface = frame.interface};
}

NextHeader Decoder::advance(Cursor& cursor, NextHeader step, Instant arrived) noexcept {
  for (unsigned depth = 0; step.layer != Layer::tcp && step.layer != Layer::refused; ++depth) {
    if (depth == options_.depth_max) return NoSegment::too_deep;
    step = step.layer == Layer::fragment ? join(cursor, arrived) : read(step.layer, cursor);
  }
  return step;
}

// A fragment goes into the store; the one that completes its datagram takes the
// walk with it, into what was behind the IP header.
NextHeader Decoder::join(Cursor& cursor, Instant arrived) noexcept {
  if (cursor.rest.cut()) return NoSegment::cut_by_snaplen;
  Datagram whole;
  const Fragment fragment{.source = cursor.source,
                          .destination = cursor.destination,
                          .id = cursor.fragment.id,
                          .protocol = cursor.protocol,
                          .is_v6 = cursor.is_v6,
                          .more = cursor.fragment.more,
                          .offset = cursor.fragment.offset,
                          .bytes = {cursor.rest.at, cursor.rest.captured},
                          .arrived = arrived};
  if (const std::optional<NoSegment> held = fragments_.add(fragment, whole)) return *held;
  cursor.rest = {whole.bytes.data(), whole.bytes.size(), whole.bytes.size()};
  cursor.protocol = whole.protocol;
  cursor.from_fragments = true;
  cursor.overlapped |= whole.overlapped;
  return after_protocol(cursor);
}

// The sum of a header before this one may be doubtful already.
ChecksumResult Decoder::judge_checksum(const Cursor& cursor) noexcept {
  if (!checksums_.verifying() || cursor.rest.cut() || !cursor.verifiable)
    return cursor.checksum_result;
  const ChecksumResult state = checksums_.judge_tcp(cursor.source, cursor.destination,
                                                    {cursor.rest.at, cursor.rest.captured});
  return std::max(state, cursor.checksum_result);
}

} // namespace xdpcap::wire
