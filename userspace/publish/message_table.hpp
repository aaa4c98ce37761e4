#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "schemas/xdpcap_generated.h"

// An HttpMessage table as it lies in the buffer. The builder's generic way, field by
// field, took a sixth of the time of a small message; here the fields are one
// structure, written in one piece. The format is FlatBuffers' own
// (https://flatbuffers.dev/internals): a table begins with the distance to its vtable,
// which tells where in the table each field lies, 0 where it is absent.
namespace xdpcap::publish {

static_assert(std::endian::native == std::endian::little,
              "fields are written as they lie in memory");

// In the order in which fields are laid out; those that refer to vectors hold the
// Offset of the builder until write() makes it a distance.
struct MessageTable {
  std::uint32_t padding = 0; // what follows the distance to the vtable is aligned to 8 bytes
  std::int32_t to_vtable = 0;
  schema::Endpoint client, server;
  std::uint64_t flow = 0, first_byte_ns = 0, last_byte_ns = 0, declared_length = 0,
                full_body_length = 0, anomalies = 0;
  schema::Span method, target; // of a request
  schema::Span reason;         // of a response
  std::uint32_t index = 0;
  std::uint32_t head = 0, fields = 0, trailer_section = 0, trailers = 0, body = 0, body_sha256 = 0,
                gaps = 0, community_id = 0;
  std::uint16_t status = 0, interface = 0;
  schema::Kind kind{};
  schema::Direction direction{};
  schema::Pairing pairing{};
  std::uint8_t version_major = 0, version_minor = 0;
  schema::Framing framing{};
  bool has_declared_length = false, complete = false;
  schema::End end{};
  bool masked = false;
  std::array<std::uint8_t, 6> rest{};
};
static_assert(sizeof(MessageTable) % 8 == 0 && offsetof(MessageTable, client) == 8);
static_assert(offsetof(MessageTable, rest) + 6 == sizeof(MessageTable));

// The tables of one batch, which share their vtables: one for each set of fields
// that are there.
class MessageTables {
 public:
  // Of a batch that begins.
  void clear() noexcept { known_ = 0; }
  flatbuffers::Offset<schema::HttpMessage> write(flatbuffers::FlatBufferBuilder& builder,
                                                 MessageTable& table) noexcept;

  // What write() takes at most.
  static constexpr std::size_t bytes_max = sizeof(MessageTable) + 80 + 16;

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
