#include "publish/message_table.hpp"

#include "core/check.hpp"

namespace xdpcap::publish {
namespace {

using Message = schema::HttpMessage;
using record::kHttpMessageParts;
using record::kHttpMessageVtable;

// A shape: bit n says that part n is there, the bit behind them that it is a response.
constexpr std::uint32_t kResponse = 1U << kHttpMessageParts.size();

} // namespace

flatbuffers::Offset<Message> MessageTables::write(flatbuffers::FlatBufferBuilder& builder,
                                                  MessageTable& table) noexcept {
  std::uint32_t shape = table.kind == schema::Kind::response ? kResponse : 0;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kHttpMessageParts.size(); ++i)
    shape |= static_cast<std::uint32_t>(table.*kHttpMessageParts[i].offset != 0) << i;
  const std::uint32_t vtable = vtable_of(builder, shape);

  builder.Align(8);
  // Everything is counted from the end of the buffer, which is written downward.
  const auto end = static_cast<std::uint32_t>(builder.GetSize() + sizeof table);
  const std::uint32_t at = end - std::uint32_t{offsetof(MessageTable, to_vtable)};
  table.to_vtable = static_cast<std::int32_t>(vtable - at);
#pragma GCC unroll 8
  for (const record::HttpMessagePart& part : kHttpMessageParts) {
    std::uint32_t& offset = table.*part.offset;
    if (offset == 0) continue;
    const auto inside =
        reinterpret_cast<const std::byte*>(&offset) - reinterpret_cast<const std::byte*>(&table);
    XDPCAP_DCHECK(offset < end); // of a vector that is written
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
  auto words = kHttpMessageVtable;
  for (std::size_t i = 0; i < kHttpMessageParts.size(); ++i) {
    if ((shape >> i & 1) == 0) words[kHttpMessageParts[i].field / 2] = 0;
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
