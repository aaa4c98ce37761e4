#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "http/message.hpp"
#include "publish/builder.hpp"
#include "publish/masking/secret_names.hpp"
#include "publish/message_table.hpp"
#include "publish/records.hpp"
#include "schemas/record_tables.hpp"

// What generated writers (schemas/record_tables.hpp) cannot do: messages, whose parts are
// gathered and masked, and processes, which many sockets share. Pure functions over a builder that
// has the room the matching bytes_of() asked for.
namespace xdpcap::publish {

struct WrittenMessage {
  flatbuffers::Offset<schema::HttpMessage> offset;
  bool masked = false;
};

// An upper bound of what a message takes without its body: contents, tables and alignment.
std::size_t bytes_without_body(const http::Message& message) noexcept;

// Writes the first `body_kept` bytes of the body; `truncated` is added where
// that is not all of it. `masked`: values of these names are overwritten; none where everything may
// be seen. `community_id` may be empty.
WrittenMessage write(Builder& builder, MessageTables& tables, const http::Message& message,
                     const MessageContext& context, std::size_t body_kept,
                     const SecretNames* masked, std::string_view community_id);

// Which processes the batch that is being filled has already, and where: the tables
// of many sockets point to one. One that fell out of its place is written again.
class ProcessesWritten {
 public:
  using Offset = flatbuffers::Offset<schema::Process>;

  // Offset 0: not there.
  [[nodiscard]] Offset find(const record::Process& process) const noexcept {
    const Place& place = places_[process.serial % places_.size()];
    return place.serial == process.serial ? place.offset : Offset(0);
  }
  void add(const record::Process& process, Offset offset) noexcept {
    places_[process.serial % places_.size()] = {process.serial, offset};
  }
  void clear() noexcept { places_.fill({}); }

 private:
  struct Place {
    std::uint64_t serial = 0;
    Offset offset;
  };
  std::array<Place, 256> places_{};
};

// An upper bound of what a socket and its process take.
std::size_t bytes_with_process(const record::SocketRecord& record) noexcept;

// Of command lines the values of `masked` are overwritten.
flatbuffers::Offset<schema::SocketRecord> write(flatbuffers::FlatBufferBuilder& builder,
                                                const record::SocketRecord& record,
                                                ProcessesWritten& processes,
                                                const SecretNames* masked);

} // namespace xdpcap::publish
