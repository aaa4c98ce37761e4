// Segments of a few connections, their fields taken from the input, go through
// the stages of one worker. Whatever comes: no crash, the ledger closes, and all
// memory is given back.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "engine/ledger.hpp"
#include "engine/pipeline.hpp"

namespace {

using namespace xdpcap;

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::uint16_t number() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }
  Bytes bytes(std::size_t most) {
    const std::size_t taken = std::min(most, size_);
    const Bytes made{reinterpret_cast<const std::byte*>(data_), taken};
    data_ += taken;
    size_ -= taken;
    return made;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

struct Worker {
  static engine::PipelineOptions options() {
    engine::PipelineOptions made;
    made.tracker.flows_max = 4; // so that flows are evicted
    made.tracker.half_open_max = 8;
    made.tracker.reassembly.out_of_order_bytes = 64 << 10;
    made.tracker.reassembly.out_of_order_bytes_max = 16 << 10;
    made.http.body_kept_max = 512;
    made.http.head_bytes_max = 4096;
    made.http_memory = 256 << 10;
    made.segments = engine::SegmentTopic::payload;
    return made;
  }
  publish::Doorbell doorbell;
  publish::BatchLane lane{publish::LaneShape{.normal_batches = 4, .large_batches = 2}, 0, doorbell};
  publish::Encoder encoder{publish::EncoderOptions{.sensor = "fuzz"}, lane};
  engine::Pipeline pipeline{options(), encoder};

  void take_batches() {
    while (publish::Batch* batch = lane.next()) lane.recycle(batch);
  }
};

// Sequence numbers are small steps around a base, so that they meet each other.
wire::Segment next_segment(Input& input, Instant now) {
  const std::uint8_t who = input.byte();
  wire::Segment segment;
  segment.key.low.port = static_cast<std::uint16_t>(1000 + (who >> 1 & 7));
  segment.key.high.port = 80;
  segment.from_low = (who & 1) != 0;
  segment.flags.bits = input.byte();
  segment.seq = Seq{0xfffffff0U + input.number() % 4096};
  segment.ack = Seq{0xfffffff0U + input.number() % 4096};
  segment.window = input.number();
  const std::uint8_t more = input.byte();
  segment.options.has_timestamps = (more & 1) != 0;
  segment.options.timestamp_value = input.byte();
  segment.options.has_window_scale = (more & 2) != 0;
  segment.options.window_scale = more >> 4 & 7;
  segment.cut_by_snaplen = (more & 4) != 0 ? input.byte() : 0;
  segment.payload = input.bytes(input.byte());
  segment.arrived = now;
  segment.wire_length = static_cast<std::uint32_t>(54 + segment.payload.size());
  return segment;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto worker = std::make_unique<Worker>();
  Input input{data, size};
  Instant now = instant_from_ns(1'700'000'000'000'000'000);
  std::uint64_t segments = 0;
  while (!input.empty()) {
    now += std::chrono::milliseconds{1U << (input.byte() % 16)};
    worker->pipeline.accept(next_segment(input, now));
    ++segments;
    if (segments % 8 == 0) {
      worker->pipeline.end_burst(now);
      worker->take_batches();
    }
  }
  worker->pipeline.finish();
  worker->take_batches();

  // These segments did not come from the decoder: its two equations cannot hold.
  const engine::Ledger ledger = engine::make_ledger({&worker->pipeline}, std::nullopt);
  for (const engine::Equation& equation : ledger.equations) {
    if (equation.name != "frames decoded" && equation.name != "segments judged" &&
        !equation.holds())
      std::abort();
  }
  std::uint64_t verdicts = 0;
  for (const std::uint64_t count : worker->pipeline.verdicts().snapshot()) verdicts += count;
  if (verdicts != segments) std::abort();
  if (worker->pipeline.tracker().reassembler().out_of_order().slabs_in_use() != 0) std::abort();
  if (worker->pipeline.tracker().table().size() != 0) std::abort();
  if (worker->pipeline.workspace().memory_in_use() != 0) std::abort();
  return 0;
}
