// Fuzzes the reading side: bytes from the wire are refused, or read without
// leaving them, whatever they hold. What is accepted must print as JSON lines.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "codec/batch_view.hpp"
#include "codec/json.hpp"
#include "codec/loss_counter.hpp"
#include "publish/encoder.hpp"

namespace {

using namespace xdpcap;
using namespace xdpcap::codec;
using namespace xdpcap::publish;

// A sound batch made of the input, for the fuzzer to damage: it would be long in
// finding the file identifier and a vtable by itself.
std::vector<std::byte> sound_batch(Bytes bytes) {
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 1, .normal_bytes = 16384, .large_batches = 0, .large_bytes = 0},
                 0, doorbell);
  Encoder encoder({.sensor = "fuzz"}, lane);
  http::Message message;
  message.head = bytes.first(std::min<std::size_t>(bytes.size(), 4000));
  const auto length = static_cast<std::uint32_t>(message.head.size());
  const std::vector<http::FieldSpan> fields{{{0, length / 2}, {length / 2, length - length / 2}}};
  message.fields = fields;
  message.target = {0, length};
  message.body = Pieces(message.head);
  encoder.add(message, {});
  encoder.close();
  Batch* batch = lane.next();
  return {batch->bytes().begin(), batch->bytes().end()};
}

void read(Bytes bytes) {
  static BatchReader reader;
  const schema::Batch* batch = reader.open(bytes);
  if (batch == nullptr) return;
  for (const BodyFormat format : {BodyFormat::none, BodyFormat::text, BodyFormat::base64}) {
    std::string lines;
    append_json(lines, *batch, {.body = format});
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = lines.find('\n', at);
      if (end == std::string::npos ||
          !nlohmann::json::accept(lines.begin() + static_cast<std::ptrdiff_t>(at),
                                  lines.begin() + static_cast<std::ptrdiff_t>(end))) {
        std::abort();
      }
      at = end + 1;
    }
  }
  LossCounter losses;
  for (const Topic topic : {Topic::http, Topic::flow, Topic::tcp, Topic::stats})
    losses.watch(topic);
  losses.see(*batch);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes{reinterpret_cast<const std::byte*>(data), size};
  read(bytes);
  if (size < 4) return 0;
  // The first bytes say which byte of a sound batch is damaged, and how.
  std::vector<std::byte> batch = sound_batch(bytes.subspan(4));
  read(batch);
  const std::size_t place = (std::size_t{data[0]} | std::size_t{data[1]} << 8) % batch.size();
  batch[place] ^= std::byte{data[2]};
  batch[batch.size() - 1 - place] ^= std::byte{data[3]};
  read(batch);
  return 0;
}
