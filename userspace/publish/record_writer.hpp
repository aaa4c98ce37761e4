#pragma once

#include <cstddef>
#include <string_view>

#include "http/message.hpp"
#include "publish/message_table.hpp"
#include "publish/records.hpp"
#include "publish/secret_names.hpp"
#include "schemas/xdpcap_generated.h"

// Records as FlatBuffers. Pure functions over a builder that has the room the
// matching bytes_of() asked for.
namespace xdpcap::publish {

struct WrittenMessage {
  flatbuffers::Offset<schema::HttpMessage> offset;
  bool masked = false;
};

// An upper bound of what the record takes: contents, tables and alignment. For a
// message: without its body.
std::size_t bytes_without_body(const http::Message& message) noexcept;
std::size_t bytes_of(const FlowRecord& record) noexcept;
std::size_t bytes_of(const SegmentRecord& record) noexcept;
std::size_t bytes_of(const DatagramRecord& record) noexcept;

// Writes the first `body_kept` bytes of the body; `truncated` is added where
// that is not all of it. `masked`: values of these names are overwritten; none where everything may
// be seen. `community_id` may be empty.
WrittenMessage write(flatbuffers::FlatBufferBuilder& builder, MessageTables& tables,
                     const http::Message& message, const MessageContext& context,
                     std::size_t body_kept, const SecretNames* masked,
                     std::string_view community_id);
flatbuffers::Offset<schema::FlowRecord> write(flatbuffers::FlatBufferBuilder& builder,
                                              const FlowRecord& record,
                                              std::string_view community_id);
flatbuffers::Offset<schema::SegmentRecord> write(flatbuffers::FlatBufferBuilder& builder,
                                                 const SegmentRecord& record);
flatbuffers::Offset<schema::DatagramRecord> write(flatbuffers::FlatBufferBuilder& builder,
                                                  const DatagramRecord& record);

// For other writers: an address as the contract has it.
schema::Endpoint endpoint_of(const wire::Endpoint& endpoint) noexcept;

} // namespace xdpcap::publish
