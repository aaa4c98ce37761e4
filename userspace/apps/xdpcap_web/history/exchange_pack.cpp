#include "apps/xdpcap_web/history/exchange_pack.hpp"

#include <zstd.h>

#include <array>
#include <vector>

#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

// The first byte tells what follows.
constexpr char kPlain = 'B', kZstd = 'Z';
constexpr int kLevel = 1;
// What one exchange may become again: two messages with the largest bodies an engine keeps, and
// room.
constexpr std::size_t kUnpackedMax = std::size_t{256} << 20;

template <class T>
auto copy_of(flatbuffers::FlatBufferBuilder& builder, const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : builder.CreateVector(vector->data(), vector->size());
}
template <class T>
flatbuffers::Offset<flatbuffers::Vector<const T*>> copy_of(
    flatbuffers::FlatBufferBuilder& builder, const flatbuffers::Vector<const T*>* vector) {
  if (vector == nullptr) return 0;
  return builder.CreateVectorOfStructs(reinterpret_cast<const T*>(vector->Data()), vector->size());
}

} // namespace

flatbuffers::Offset<schema::HttpMessage> copy_message(flatbuffers::FlatBufferBuilder& builder,
                                                      const schema::HttpMessage& message) {
  const auto head = copy_of(builder, message.head());
  const auto fields = copy_of(builder, message.fields());
  const auto trailer_section = copy_of(builder, message.trailer_section());
  const auto trailers = copy_of(builder, message.trailers());
  const auto body = copy_of(builder, message.body());
  const auto hash = copy_of(builder, message.body_sha256());
  const auto gaps = copy_of(builder, message.gaps());
  const auto community_id =
      message.community_id() == nullptr ? 0 : builder.CreateString(message.community_id());
  schema::HttpMessageBuilder copy(builder);
  copy.add_flow(message.flow());
  copy.add_first_byte_ns(message.first_byte_ns());
  copy.add_last_byte_ns(message.last_byte_ns());
  copy.add_declared_length(message.declared_length());
  copy.add_full_body_length(message.full_body_length());
  copy.add_anomalies(message.anomalies());
  if (message.client() != nullptr) copy.add_client(message.client());
  if (message.server() != nullptr) copy.add_server(message.server());
  if (message.method() != nullptr) copy.add_method(message.method());
  if (message.target() != nullptr) copy.add_target(message.target());
  if (message.reason() != nullptr) copy.add_reason(message.reason());
  copy.add_index(message.index());
  if (!head.IsNull()) copy.add_head(head);
  if (!fields.IsNull()) copy.add_fields(fields);
  if (!trailer_section.IsNull()) copy.add_trailer_section(trailer_section);
  if (!trailers.IsNull()) copy.add_trailers(trailers);
  if (!body.IsNull()) copy.add_body(body);
  if (!hash.IsNull()) copy.add_body_sha256(hash);
  if (!gaps.IsNull()) copy.add_gaps(gaps);
  if (!community_id.IsNull()) copy.add_community_id(community_id);
  copy.add_status(message.status());
  copy.add_interface(message.interface());
  copy.add_kind(message.kind());
  copy.add_direction(message.direction());
  copy.add_pairing(message.pairing());
  copy.add_version_major(message.version_major());
  copy.add_version_minor(message.version_minor());
  copy.add_framing(message.framing());
  copy.add_has_declared_length(message.has_declared_length());
  copy.add_complete(message.complete());
  copy.add_end(message.end());
  copy.add_masked(message.masked());
  return copy.Finish();
}

ExchangePacker::ExchangePacker() : compressor_(::ZSTD_createCCtx()) {}

ExchangePacker::~ExchangePacker() {
  ::ZSTD_freeCCtx(compressor_);
}

std::string_view ExchangePacker::pack(const Exchange& exchange) {
  builder_.Clear();
  std::vector<flatbuffers::Offset<schema::HttpMessage>> messages;
  if (exchange.request) messages.push_back(copy_message(builder_, *exchange.request));
  if (exchange.response) messages.push_back(copy_message(builder_, *exchange.response));
  for (const Half& interim : exchange.interim) messages.push_back(copy_message(builder_, *interim));
  const auto all = builder_.CreateVector(messages);
  const auto sensor = exchange.sensor == nullptr ? 0 : builder_.CreateString(*exchange.sensor);
  const Half& half = exchange.request ? exchange.request : exchange.response;
  schema::BatchBuilder batch(builder_);
  if (!sensor.IsNull()) batch.add_sensor(sensor);
  if (half.batch != nullptr) batch.add_epoch((*half.batch)->epoch());
  batch.add_messages(all);
  schema::FinishBatchBuffer(builder_, batch.Finish());

  const std::size_t size = builder_.GetSize();
  const std::size_t bound = ::ZSTD_compressBound(size) + 1;
  if (compressed_.size() < bound) compressed_.resize(bound);
  const std::size_t packed =
      ::ZSTD_compressCCtx(compressor_, compressed_.data() + 1, compressed_.size() - 1,
                          builder_.GetBufferPointer(), size, kLevel);
  if (::ZSTD_isError(packed) == 0 && packed < size - size / 8) {
    compressed_[0] = kZstd;
    return {compressed_.data(), packed + 1};
  }
  compressed_[0] = kPlain;
  std::copy_n(reinterpret_cast<const char*>(builder_.GetBufferPointer()), size,
              compressed_.data() + 1);
  return {compressed_.data(), size + 1};
}

std::optional<Exchange> unpack_exchange(std::string_view packed, const ExchangeId& id) {
  if (packed.empty()) return std::nullopt;
  std::string plain;
  const std::string_view rest = packed.substr(1);
  if (packed.front() == kZstd) {
    const unsigned long long size = ::ZSTD_getFrameContentSize(rest.data(), rest.size());
    if (size > kUnpackedMax)
      return std::nullopt; // not known, or no frame, is a number larger than that
    plain.resize(size);
    const std::size_t got = ::ZSTD_decompress(plain.data(), plain.size(), rest.data(), rest.size());
    if (::ZSTD_isError(got) != 0 || got != size) return std::nullopt;
  } else if (packed.front() == kPlain) {
    plain = rest;
  } else {
    return std::nullopt;
  }
  codec::BatchReader reader;
  const Bytes bytes = as_bytes(plain);
  const schema::Batch* verified = reader.open(bytes);
  if (verified == nullptr || verified->messages() == nullptr || verified->messages()->size() == 0)
    return std::nullopt;
  const BatchPointer batch = KeptBatch::keep(bytes);
  Exchange exchange;
  exchange.id = id;
  exchange.sensor = std::make_shared<const std::string>(codec::text_of((*batch)->sensor()));
  for (const schema::HttpMessage* message : *(*batch)->messages()) {
    const Half half{batch, message};
    if (message->kind() == schema::Kind::request) {
      exchange.request = half;
    } else if (codec::has(*message, schema::Anomaly::interim)) {
      exchange.interim.push_back(half);
    } else {
      exchange.response = half;
    }
  }
  if (!exchange.request && !exchange.response) return std::nullopt;
  return exchange;
}

} // namespace xdpcap::web
