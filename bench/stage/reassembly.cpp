#include <benchmark/benchmark.h>

#include <string>

#include "tcp/reassembler.hpp"

// Putting segments of one connection in order, delivered to nobody: the expected
// segment, an acknowledgement, pairs that arrive swapped, and runs behind a hole.
namespace xdpcap::bench {
namespace {

struct Counting {
  std::uint64_t bytes = 0;
  void on_bytes(const StreamBytes& piece) noexcept { bytes += piece.bytes.size(); }
  void on_gap(const StreamGap&) noexcept {}
  void on_end(Direction, StreamEnd, Instant) noexcept {}
};

class Wire {
 public:
  explicit Wire(std::size_t payload) : text_(payload, 'x') {
    for (tcp::HalfConnection& half : connection_.half) {
      half.set(tcp::HalfConnection::started);
      half.enter(tcp::State::established);
      half.next = Seq{1};
    }
    segment_.flags.bits = wire::TcpFlags::ack;
    segment_.window = 65535;
    segment_.ack = Seq{1};
    segment_.payload = as_bytes(text_);
    send(0); // the first one of a direction is never an expected one
    answer();
    advance(1);
  }

  // The segment `ahead` places behind the next one.
  void send(std::uint32_t ahead) {
    segment_.seq = base_ + ahead * static_cast<std::uint32_t>(text_.size());
    reassembler_.accept(connection_, Direction::to_server, segment_, sink_);
  }
  void advance(std::uint32_t segments) {
    base_ = base_ + segments * static_cast<std::uint32_t>(text_.size());
  }
  // The other direction acknowledges all.
  void answer() {
    wire::Segment ack = segment_;
    ack.payload = {};
    ack.seq = Seq{1};
    ack.ack = connection_.half[0].next;
    reassembler_.accept(connection_, Direction::to_client, ack, sink_);
  }
  [[nodiscard]] std::uint64_t bytes() const { return sink_.bytes; }
  [[nodiscard]] std::size_t payload() const { return text_.size(); }

 private:
  tcp::Reassembler reassembler_{{}};
  tcp::Connection connection_;
  Counting sink_;
  std::string text_;
  wire::Segment segment_;
  Seq base_{1};
};

// `order` says which segment of a group comes when.
void run(benchmark::State& state, Wire& wire, const std::vector<std::uint32_t>& order) {
  const std::uint64_t before = wire.bytes();
  for ([[maybe_unused]] auto _ : state) {
    for (const std::uint32_t ahead : order) wire.send(ahead);
    wire.advance(static_cast<std::uint32_t>(order.size()));
  }
  const auto segments = static_cast<std::uint64_t>(state.iterations()) * order.size();
  if (wire.bytes() - before != segments * wire.payload()) state.SkipWithError("bytes are missing");
  state.SetItemsProcessed(static_cast<std::int64_t>(segments));
  state.SetBytesProcessed(static_cast<std::int64_t>(segments * wire.payload()));
}

void reassembly_in_order(benchmark::State& state) {
  Wire wire{static_cast<std::size_t>(state.range(0))};
  run(state, wire, {0});
}
BENCHMARK(reassembly_in_order)->Arg(300)->Arg(1460);

void reassembly_ack(benchmark::State& state) {
  Wire wire{1460};
  for ([[maybe_unused]] auto _ : state) wire.answer();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reassembly_ack);

void reassembly_swapped_pairs(benchmark::State& state) {
  Wire wire{1460};
  run(state, wire, {1, 0});
}
BENCHMARK(reassembly_swapped_pairs);

// The first segment of a group comes last, as after a retransmission.
void reassembly_behind_a_hole(benchmark::State& state) {
  Wire wire{1460};
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 1; i < static_cast<std::uint32_t>(state.range(0)); ++i) order.push_back(i);
  order.push_back(0);
  run(state, wire, order);
}
BENCHMARK(reassembly_behind_a_hole)->Arg(16)->Arg(512);

} // namespace
} // namespace xdpcap::bench
