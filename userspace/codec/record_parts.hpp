#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "record/records.hpp"
#include "schemas/xdpcap_generated.h"

// What lies outside of a table, written before it, and what room it takes at most: for
// schemas/record_tables.hpp. An empty part is an absent one: readers see both alike.
namespace xdpcap::record {

inline constexpr std::size_t kTextMax = 4096; // bytes of one text that are published
inline constexpr std::size_t kTextsMax = 64;  // of one list
inline constexpr std::size_t kAround = 12;    // length, end and padding

using Builder = flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Text = Offset<flatbuffers::String>;

inline std::size_t room_for(std::string_view text) noexcept {
  return std::min(text.size(), kTextMax) + kAround;
}
inline Text write_required(Builder& builder, std::string_view text) {
  text = text.substr(0, kTextMax);
  return builder.CreateString(text.data(), text.size());
}
inline Text write_text(Builder& builder, std::string_view text) {
  return text.empty() ? Text(0) : write_required(builder, text);
}

inline std::size_t room_for(Bytes bytes) noexcept {
  return bytes.size() + kAround;
}
inline Offset<flatbuffers::Vector<std::uint8_t>> write_bytes(Builder& builder, Bytes bytes) {
  if (bytes.empty()) return 0;
  std::uint8_t* at = nullptr;
  const auto offset = builder.CreateUninitializedVector<std::uint8_t>(bytes.size(), &at);
  std::memcpy(at, bytes.data(), bytes.size());
  return offset;
}

template <class Texts>
requires std::convertible_to<typename Texts::value_type, std::string_view> std::size_t room_for(
    const Texts& texts)
noexcept {
  std::size_t bytes = kAround;
  for (const std::string_view text : std::span(texts).first(std::min(texts.size(), kTextsMax)))
    bytes += room_for(text) + sizeof(flatbuffers::uoffset_t);
  return bytes;
}
template <class Texts>
flatbuffers::Offset<flatbuffers::Vector<Text>> write_texts(Builder& builder, const Texts& texts) {
  if (texts.empty()) return 0;
  std::array<Text, kTextsMax> written;
  const std::size_t count = std::min(texts.size(), written.size());
  for (std::size_t i = 0; i < count; ++i) written[i] = write_required(builder, texts[i]);
  return builder.CreateVector(written.data(), count);
}

// Tables within tables: of heartbeats alone, which have time.
template <class Table>
auto write_tables(Builder& builder, std::span<const Table> tables) {
  std::vector<decltype(write(builder, tables[0]))> written;
  for (const Table& table : tables) written.push_back(write(builder, table));
  return builder.CreateVector(written);
}

inline std::string_view read_text(const flatbuffers::String* text) noexcept {
  // What a capture sends is shorter; whoever is none may send anything.
  return text == nullptr ? std::string_view{}
                         : std::string_view(text->c_str(), text->size()).substr(0, kTextMax);
}

} // namespace xdpcap::record
