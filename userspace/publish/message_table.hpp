#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "schemas/record_tables.hpp"

// An HttpMessage table as it lies in the buffer. The builder's generic way, field by
// field, took a sixth of the time of a small message; here the fields are one
// structure, written in one piece. The format is FlatBuffers' own
// (https://flatbuffers.dev/internals): a table begins with the distance to its vtable,
// which tells where in the table each field lies, 0 where it is absent.
namespace xdpcap::publish {

static_assert(std::endian::native == std::endian::little,
              "fields are written as they lie in memory");

// Generated, as are its vtable and the list of what may be absent. Those of its members that refer
// to vectors hold the Offset of the builder until write() makes it a distance.
using MessageTable = record::HttpMessageTable;

// The tables of one batch, which share their vtables: one for each set of fields
// that are there.
class MessageTables {
 public:
  // Of a batch that begins.
  void clear() noexcept { known_ = 0; }
  flatbuffers::Offset<schema::HttpMessage> write(flatbuffers::FlatBufferBuilder& builder,
                                                 MessageTable& table) noexcept;

  // What write() takes at most.
  static constexpr std::size_t bytes_max =
      sizeof(MessageTable) + sizeof(record::kHttpMessageVtable) + 16;

 private:
  struct Vtable {
    std::uint32_t shape;
    std::uint32_t at; // distance from the end of the buffer
  };
  std::uint32_t vtable_of(flatbuffers::FlatBufferBuilder& builder, std::uint32_t shape) noexcept;

  std::array<Vtable, 8> vtables_{};
  std::size_t known_ = 0;
};

} // namespace xdpcap::publish
