#include "dispatch/desk.hpp"

#include <algorithm>

namespace xdpcap::bench {
namespace {

// The largest message of a workload, and what one stream may hold of early segments.
constexpr std::size_t kMessageMemory = std::size_t{28} << 10;
constexpr std::size_t kEarlyMemory = std::size_t{10} << 10;

tcp::ReassemblyLimits reassembly_limits(std::uint32_t streams) {
  return {.out_of_order_bytes = std::max<std::size_t>(kEarlyMemory * streams, 32U << 10),
          .out_of_order_bytes_max = 1U << 20};
}
http::Limits http_limits() {
  return {.body_kept_max = 64U << 10, .head_bytes_max = 4096, .fields_max = 64};
}

std::uint64_t hashed(std::uint64_t digest, Bytes bytes) noexcept {
  for (const std::byte byte : bytes)
    digest = (digest ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3ULL;
  return digest;
}

bool is_over(const tcp::Connection& connection) noexcept {
  using tcp::HalfConnection;
  const HalfConnection& client = connection.half[0];
  const HalfConnection& server = connection.half[1];
  if ((client.flags & server.flags & HalfConnection::ended) == 0) [[likely]]
    return false;
  return distance(client.last, server.last_ack) > 0 && distance(server.last, client.last_ack) > 0;
}

} // namespace

Tally& Tally::operator+=(const Tally& other) noexcept {
  packets += other.packets;
  strays += other.strays;
  order_violations += other.order_violations;
  messages += other.messages;
  bytes += other.bytes;
  digest += other.digest;
  return *this;
}

// Binds a stream to its messages.
struct Desk::Out {
  Desk& desk;
  Stream& stream;

  void on_bytes(const StreamBytes& bytes) noexcept {
    stream.http.on_bytes(bytes, desk.workspace_, *this);
  }
  void on_gap(const StreamGap& gap) noexcept { stream.http.on_gap(gap, desk.workspace_, *this); }
  void on_end(Direction direction, StreamEnd end, Instant at) noexcept {
    stream.http.on_close(direction, end, at, desk.workspace_, *this);
  }
  void on_message(const http::Message& message) noexcept { desk.count(stream, message); }
};

Desk::Desk(const DeskOptions& options)
    : reassembler_(reassembly_limits(options.streams)),
      workspace_(http_limits(), kMessageMemory * options.streams),
      digests_(options.digests) {}

bool Desk::process(Stream& stream, const Packet& packet, const Pace& pace) noexcept {
  const wire::Segment& segment = packet.segment;
  ++tally_.packets;
  if (packet.ordinal != stream.packets++) [[unlikely]]
    ++tally_.order_violations;
  if (segment.flags.has(wire::TcpFlags::syn)) [[unlikely]] {
    open(stream, segment);
  } else {
    Out out{*this, stream};
    reassembler_.accept(stream.tcp, stream.tcp.direction_of(segment.from_low), segment, out);
  }
  pace.note_done(packet.number);
  if (!is_over(stream.tcp)) [[likely]]
    return false;
  stream.http.release(workspace_);
  return true;
}

// The handshake of a workload is always whole; what else can happen is the tracker's, and not
// measured here.
void Desk::open(Stream& stream, const wire::Segment& segment) noexcept {
  tcp::Connection& connection = stream.tcp;
  if (!segment.flags.has(wire::TcpFlags::ack)) {
    connection.key = segment.key;
    connection.first_seen = segment.arrived;
    if (segment.from_low) connection.set(tcp::Connection::client_is_low);
  }
  tcp::HalfConnection& self = connection.from(connection.direction_of(segment.from_low));
  self.next = segment.seq + 1;
  self.set(tcp::HalfConnection::started);
  self.enter(tcp::State::established);
}

void Desk::count(Stream& stream, const http::Message& message) noexcept {
  ++tally_.messages;
  tally_.bytes += message.head.size() + message.body_length;
  if (!digests_) [[likely]]
    return;
  const wire::Endpoint& client = stream.tcp.client();
  std::uint64_t digest = hashed(stream.digest ^ client.port, client.address.bytes);
  digest = hashed(digest, message.head);
  for (const Bytes piece : message.body) digest = hashed(digest, piece);
  stream.digest = digest + message.status + message.index;
  tally_.digest += stream.digest;
}

} // namespace xdpcap::bench
