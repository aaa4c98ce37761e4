#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/topic.hpp"
#include "core/bytes.hpp"
#include "schemas/xdpcap_generated.h"

// The reading side: bytes from the wire, checked before they are believed.
namespace xdpcap::codec {

// Opens received batches. Keeps one buffer, for those that arrive at an odd
// address (libzmq hands out views into its receive buffer), so an opened batch
// lives until the next call and as long as the bytes it was opened from.
class BatchReader {
 public:
  // The batch, or nothing where the bytes are not a whole and sound one.
  [[nodiscard]] const schema::Batch* open(Bytes bytes);

 private:
  std::vector<std::uint64_t> aligned_;
};

// What kind of records a batch holds; nothing for a kind this build does not know.
std::optional<Topic> topic_of(const schema::Batch& batch) noexcept;

// The text of a span, or nothing where the span leaves the bytes: the verifier
// knows offsets of FlatBuffers, not ours.
inline std::string_view text_in(const flatbuffers::Vector<std::uint8_t>* bytes,
                                const schema::Span& span) noexcept {
  if (bytes == nullptr || span.offset() > bytes->size() ||
      span.length() > bytes->size() - span.offset())
    return {};
  return {reinterpret_cast<const char*>(bytes->data()) + span.offset(), span.length()};
}
inline std::string_view text_in(const flatbuffers::Vector<std::uint8_t>* bytes,
                                const schema::Span* span) noexcept {
  return span == nullptr ? std::string_view{} : text_in(bytes, *span);
}
inline std::string_view text_of(const flatbuffers::Vector<std::uint8_t>* bytes) noexcept {
  return bytes == nullptr ? std::string_view{} : text_in(bytes, schema::Span(0, bytes->size()));
}
inline std::string_view text_of(const flatbuffers::String* text) noexcept {
  return text == nullptr ? std::string_view{} : std::string_view(text->c_str(), text->size());
}

// The first field of that name, ASCII case aside; empty where there is none.
std::string_view field_named(const schema::HttpMessage& message,
                             std::string_view lower_case_name) noexcept;

// "10.0.0.1:80", "[2001:db8::1]:80".
std::string text_of(const schema::Endpoint* endpoint);
// "10.0.0.1", "2001:db8::1".
std::string address_of(const schema::Endpoint* endpoint);
inline std::uint16_t port_of(const schema::Endpoint* endpoint) noexcept {
  return endpoint == nullptr ? 0 : endpoint->port();
}
inline bool same_address(const schema::Endpoint& a, const schema::Endpoint& b) noexcept {
  return a.address_high() == b.address_high() && a.address_low() == b.address_low();
}

// How many segments and datagrams it has.
inline std::size_t packets_in(const schema::Batch& batch) noexcept {
  return (batch.segments() == nullptr ? 0 : batch.segments()->size()) +
         (batch.datagrams() == nullptr ? 0 : batch.datagrams()->size());
}

inline bool has(const schema::HttpMessage& message, schema::Anomaly anomaly) noexcept {
  return (message.anomalies() >> static_cast<unsigned>(anomaly) & 1) != 0;
}

} // namespace xdpcap::codec
