#include "sim/envelope.hpp"

#include <algorithm>
#include <iterator>

namespace xdpcap::sim {
namespace {

using test::Packet;

constexpr const char* kKinds[] = {"plain", "vlan",   "qinq",  "mpls",   "pppoe",    "gre",
                                  "vxlan", "geneve", "gtp-u", "erspan", "ip in ip", "nsh"};

Packet wrapped(std::size_t kind, const char* near, const char* far) {
  Packet outer = test::eth();
  const auto tunnel = [&] { return outer.ipv4(near, far); };
  switch (kind) {
    case 1:
      return outer.vlan(7);
    case 2:
      return outer.vlan(7, 0x88a8).vlan(8);
    case 3:
      return outer.mpls(1000).mpls(16);
    case 4:
      return outer.pppoe(3);
    case 5:
      return tunnel().gre().gre_key(9);
    case 6:
      return tunnel().udp(50000, 4789).vxlan(5).eth();
    case 7:
      return tunnel().udp(50000, 6081).geneve(5).eth();
    case 8:
      return tunnel().udp(2152, 2152).gtp_u(77);
    case 9:
      return tunnel().erspan2();
    case 10:
      return tunnel();
    case 11:
      return outer.nsh();
    default:
      return outer;
  }
}

} // namespace

Envelope::Envelope(Random& random, std::string client, std::string server,
                   std::uint16_t client_port, bool v6, bool tunnels)
    : client_(std::move(client)), server_(std::move(server)), port_(client_port), v6_(v6) {
  // Two connections may have the same addresses, and a host gives no number twice (RFC 6864, 4).
  next_fragment_id_ = 1 + std::uint32_t{client_port} % 64 * 1000;
  kind_ = tunnels && random.chance(0.6) ? random.below(std::size(kKinds)) : 0;
  name_ = kKinds[kind_];
  base_[kClient] = outside(true).tcp(port_, 80);
  base_[kServer] = outside(false).tcp(80, port_);
}

Packet Envelope::outside(bool from_client) const {
  const Packet outer = wrapped(kind_, from_client ? "192.0.2.1" : "192.0.2.2",
                               from_client ? "192.0.2.2" : "192.0.2.1");
  const std::string& source = from_client ? client_ : server_;
  const std::string& destination = from_client ? server_ : client_;
  return v6_ ? outer.ipv6(source, destination) : outer.ipv4(source, destination);
}

std::vector<Frame> Envelope::frames(Random& random, const Passed& segment,
                                    const EnvelopeTraits& traits) {
  static constexpr std::string_view kFlags = "FSRPAUEC";
  std::string flags;
  for (std::size_t bit = 0; bit < kFlags.size(); ++bit) {
    if ((segment.flags >> bit & 1) != 0) flags += kFlags[bit];
  }
  Packet packet =
      base_[segment.side].seq(segment.seq).ack(segment.ack).flags(flags).window(segment.window);
  if (segment.has_clock) packet = packet.timestamps(segment.clock, segment.echo);
  if (segment.window_scale >= 0)
    packet = packet.window_scale(static_cast<std::uint8_t>(segment.window_scale));
  if (!segment.payload.empty()) packet = packet.payload(segment.payload);
  if (segment.sum == Sum::bad) packet = packet.bad_checksum();
  if (segment.sum == Sum::partial) packet = packet.partial_checksum();

  std::vector<Packet> packets{packet};
  const bool in_pieces = segment.payload.size() > 64 && random.chance(traits.fragmented);
  if (in_pieces) {
    packets = packet.fragments(8 * random.between(4, 180), next_fragment_id_++, true);
    if (random.chance(0.3)) std::swap(packets.front(), packets.back());
  }
  std::vector<Frame> frames;
  for (const Packet& one : packets) {
    Frame frame;
    frame.at_us = segment.at_us;
    frame.bytes = one.bytes();
    frame.wire_length = static_cast<std::uint32_t>(frame.bytes.size());
    frame.is_fragment = in_pieces;
    if (traits.snap_length != 0 && !in_pieces && frame.bytes.size() > traits.snap_length) {
      const std::size_t cut = frame.bytes.size() - traits.snap_length;
      frame.is_cut = true;
      frame.payload_kept = segment.payload.size() - std::min(cut, segment.payload.size());
      frame.bytes.resize(traits.snap_length);
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

} // namespace xdpcap::sim
