#include "wire/decode.hpp"

#include <benchmark/benchmark.h>

#include <string>

#include "support/packet.hpp"

// From a frame to a segment, checksum and all. The frame is in the cache, as it is
// behind a NIC that writes there.
namespace xdpcap::bench {
namespace {

using test::Packet;

void decode(benchmark::State& state, const Packet& packet, wire::ChecksumMode checksums) {
  wire::DecodeOptions options;
  options.checksums = checksums;
  options.fragment_bytes = 0;
  wire::Decoder decoder{options};
  const wire::Frame frame = packet.frame();
  if (!decoder.decode(frame).ok()) return state.SkipWithError("the decoder refuses the frame");
  for ([[maybe_unused]] auto _ : state) {
    auto segment = decoder.decode(frame);
    benchmark::DoNotOptimize(segment);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(frame.bytes.size()));
}

Packet tcp4(std::size_t payload) {
  return test::eth()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(1234, 80)
      .seq(1)
      .ack(2)
      .timestamps(1, 2)
      .payload(std::string(payload, 'x'));
}
Packet tcp6(std::size_t payload) {
  return test::eth()
      .vlan(7)
      .ipv6("2001:db8::1", "2001:db8::2")
      .tcp(1234, 80)
      .seq(1)
      .ack(2)
      .payload(std::string(payload, 'x'));
}

using enum wire::ChecksumMode;
BENCHMARK_CAPTURE(decode, ack, tcp4(0), automatic);
BENCHMARK_CAPTURE(decode, small_300, tcp4(300), automatic);
BENCHMARK_CAPTURE(decode, full_1448, tcp4(1448), automatic);
BENCHMARK_CAPTURE(decode, full_1448_checksums_off, tcp4(1448), off);
BENCHMARK_CAPTURE(decode, vlan_ipv6_300, tcp6(300), automatic);
BENCHMARK_CAPTURE(decode, vxlan_300,
                  test::eth()
                      .ipv4("192.0.2.1", "192.0.2.2")
                      .udp(5555, 4789)
                      .vxlan(9)
                      .eth()
                      .ipv4("10.0.0.1", "10.0.0.2")
                      .tcp(1234, 80)
                      .seq(1)
                      .ack(2)
                      .payload(std::string(300, 'x')),
                  automatic);

} // namespace
} // namespace xdpcap::bench
