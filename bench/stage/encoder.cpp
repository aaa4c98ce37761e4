#include "publish/encoder.hpp"

#include <benchmark/benchmark.h>

#include "publish/doorbell.hpp"
#include "stage/samples.hpp"

// Masking secrets and writing a record; finished batches are given back at once.
namespace xdpcap::bench {
namespace {

void encode(benchmark::State& state, const SampleMessage& sample) {
  if (!sample.is_sound()) return state.SkipWithError("the sample is no message");
  publish::Doorbell doorbell;
  publish::BatchLane lane{{}, 0, doorbell};
  publish::Encoder encoder{{.sensor = "bench", .epoch_ns = 1}, lane};
  const publish::MessageContext context = sample_context();
  for ([[maybe_unused]] auto _ : state) {
    encoder.add(sample.message(), context);
    while (publish::Batch* batch = lane.next()) lane.recycle(batch);
  }
  encoder.close();
  const auto published = encoder.counters().get(publish::EncoderCount::messages_published);
  if (published != static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("messages were dropped");
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sample.bytes()));
}

void encode_small_request(benchmark::State& state) {
  encode(state, SampleMessage{small_request(), 0});
}
void encode_browser_request(benchmark::State& state) {
  encode(state, SampleMessage{browser_request(), 0});
}
void encode_response(benchmark::State& state) {
  const auto body = static_cast<std::size_t>(state.range(0));
  encode(state, SampleMessage{response_head(body), body});
}
BENCHMARK(encode_small_request);
BENCHMARK(encode_browser_request);
BENCHMARK(encode_response)->Arg(370)->Arg(16 << 10)->Arg(512 << 10);

} // namespace
} // namespace xdpcap::bench
