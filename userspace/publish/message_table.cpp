#include "publish/message_table.hpp"

namespace xdpcap::publish {
namespace {

using Message = schema::HttpMessage;
using Vector = std::uint32_t MessageTable::*;

// The fields that may be absent; bit n of a shape says that field n is there.
struct Optional {
  std::uint16_t field; // its place in the vtable, as the generated code numbers it
  Vector offset;
};
constexpr std::array<Optional, 8> kVectors{
    {{Message::VT_HEAD, &MessageTable::head},
     {Message::VT_FIELDS, &MessageTable::fields},
     {Message::VT_TRAILER_SECTION, &MessageTable::trailer_section},
     {Message::VT_TRAILERS, &MessageTable::trailers},
     {Message::VT_BODY, &MessageTable::body},
     {Message::VT_BODY_SHA256, &MessageTable::body_sha256},
     {Message::VT_GAPS, &MessageTable::gaps},
     {Message::VT_COMMUNITY_ID, &MessageTable::community_id}}};
constexpr std::uint32_t kResponse = 1U << kVectors.size();

constexpr std::size_t kFields = (Message::VT_INTERFACE - Message::VT_FLOW) / 2 + 1;
using Words = std::array<std::uint16_t, 2 + kFields>;

// A table begins at its distance to the vtable.
constexpr std::uint16_t place(std::size_t offset) noexcept {
  return static_cast<std::uint16_t>(offset - offsetof(MessageTable, to_vtable));
}

#define XDPCAP_FIELD(number, member) \
  words[Message::number / 2] = place(offsetof(MessageTable, member))
constexpr Words full_vtable() noexcept {
  Words words{};
  words[0] = sizeof(Words);
  words[1] = place(sizeof(MessageTable));
  XDPCAP_FIELD(VT_FLOW, flow);
  XDPCAP_FIELD(VT_KIND, kind);
  XDPCAP_FIELD(VT_DIRECTION, direction);
  XDPCAP_FIELD(VT_INDEX, index);
  XDPCAP_FIELD(VT_PAIRING, pairing);
  XDPCAP_FIELD(VT_CLIENT, client);
  XDPCAP_FIELD(VT_SERVER, server);
  XDPCAP_FIELD(VT_FIRST_BYTE_NS, first_byte_ns);
  XDPCAP_FIELD(VT_LAST_BYTE_NS, last_byte_ns);
  XDPCAP_FIELD(VT_VERSION_MAJOR, version_major);
  XDPCAP_FIELD(VT_VERSION_MINOR, version_minor);
  XDPCAP_FIELD(VT_STATUS, status);
  XDPCAP_FIELD(VT_METHOD, method);
  XDPCAP_FIELD(VT_TARGET, target);
  XDPCAP_FIELD(VT_REASON, reason);
  XDPCAP_FIELD(VT_HEAD, head);
  XDPCAP_FIELD(VT_FIELDS, fields);
  XDPCAP_FIELD(VT_TRAILER_SECTION, trailer_section);
  XDPCAP_FIELD(VT_TRAILERS, trailers);
  XDPCAP_FIELD(VT_FRAMING, framing);
  XDPCAP_FIELD(VT_HAS_DECLARED_LENGTH, has_declared_length);
  XDPCAP_FIELD(VT_DECLARED_LENGTH, declared_length);
  XDPCAP_FIELD(VT_FULL_BODY_LENGTH, full_body_length);
  XDPCAP_FIELD(VT_BODY, body);
  XDPCAP_FIELD(VT_BODY_SHA256, body_sha256);
  XDPCAP_FIELD(VT_COMPLETE, complete);
  XDPCAP_FIELD(VT_END, end);
  XDPCAP_FIELD(VT_ANOMALIES, anomalies);
  XDPCAP_FIELD(VT_GAPS, gaps);
  XDPCAP_FIELD(VT_MASKED, masked);
  XDPCAP_FIELD(VT_COMMUNITY_ID, community_id);
  XDPCAP_FIELD(VT_INTERFACE, interface);
  return words;
}
#undef XDPCAP_FIELD

constexpr Words kFull = full_vtable();
static_assert(sizeof(Words) <= 80);
// A field that the schema gained would be missing here.
static_assert([] {
  for (const std::uint16_t word : kFull) {
    if (word == 0) return false;
  }
  return true;
}());

} // namespace

flatbuffers::Offset<Message> MessageTables::write(flatbuffers::FlatBufferBuilder& builder,
                                                  MessageTable& table) noexcept {
  std::uint32_t shape = table.kind == schema::Kind::response ? kResponse : 0;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kVectors.size(); ++i)
    shape |= static_cast<std::uint32_t>(table.*kVectors[i].offset != 0) << i;
  const std::uint32_t vtable = vtable_of(builder, shape);

  builder.Align(8);
  // Everything is counted from the end of the buffer, which is written downward.
  const auto end = static_cast<std::uint32_t>(builder.GetSize() + sizeof table);
  const std::uint32_t at = end - std::uint32_t{offsetof(MessageTable, to_vtable)};
  table.to_vtable = static_cast<std::int32_t>(vtable - at);
#pragma GCC unroll 8
  for (const Optional& vector : kVectors) {
    std::uint32_t& offset = table.*vector.offset;
    if (offset == 0) continue;
    const auto inside =
        reinterpret_cast<const std::byte*>(&offset) - reinterpret_cast<const std::byte*>(&table);
    offset = end - static_cast<std::uint32_t>(inside) - offset;
  }
  builder.PushBytes(reinterpret_cast<const std::uint8_t*>(&table), sizeof table);
  return at;
}

std::uint32_t MessageTables::vtable_of(flatbuffers::FlatBufferBuilder& builder,
                                       std::uint32_t shape) noexcept {
  for (std::size_t i = 0; i < known_; ++i) {
    if (vtables_[i].shape == shape) return vtables_[i].at;
  }
  Words words = kFull;
  for (std::size_t i = 0; i < kVectors.size(); ++i) {
    if ((shape >> i & 1) == 0) words[kVectors[i].field / 2] = 0;
  }
  const bool is_response = (shape & kResponse) != 0;
  (is_response ? words[Message::VT_METHOD / 2] : words[Message::VT_REASON / 2]) = 0;
  if (is_response) words[Message::VT_TARGET / 2] = 0;
  builder.Align(2);
  builder.PushBytes(reinterpret_cast<const std::uint8_t*>(words.data()), sizeof words);
  const auto at = static_cast<std::uint32_t>(builder.GetSize());
  if (known_ < vtables_.size()) vtables_[known_++] = {shape, at};
  return at;
}

} // namespace xdpcap::publish
