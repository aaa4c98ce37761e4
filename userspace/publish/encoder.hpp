#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/counters.hpp"
#include "http/message.hpp"
#include "publish/batch.hpp"
#include "publish/record_writer.hpp"
#include "publish/records.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::publish {

// What a worker does when the publisher still holds all its batches.
enum class WhenFull : std::uint8_t {
  drop, // live: count it, go on; capture never waits
  wait, // reading a file: nothing is lost that need not be
};

struct EncoderOptions {
  std::string sensor;         // name of this capture, in every batch
  std::uint64_t epoch_ns = 0; // start of the process
  WhenFull when_full = WhenFull::drop;
  std::uint64_t max_body = UINT64_MAX; // bytes of a body that are published
  bool reveal = false;                 // leave secrets as they are
  SecretNames secrets;                 // what is masked otherwise
  bool community_id = false;
  bool discard =
      false; // count what would be written, and write nothing (to measure what comes before)
};

// The ledger of one encoder. `*_dropped` and `*_published` add up to what was
// added; `bytes` are head, trailers and body.
enum class EncoderCount : std::uint8_t {
  messages_published,
  messages_cut,               // of the published: body shortened, by --max-body or for lack of room
  messages_cut_no_room,       // of the cut: the publisher held all large batches
  messages_masked,            // of the published: a secret was overwritten
  messages_discarded,         // as asked for
  messages_dropped_no_room,   // the publisher held all batches
  messages_dropped_too_large, // the head alone is larger than the largest batch
  bytes_published,
  bytes_cut,
  bytes_dropped,
  flows_published,
  flows_dropped,
  segments_published,
  segments_dropped,
  datagrams_published,
  datagrams_dropped,
  datagrams_discarded, // as asked for
  sockets_published,
  sockets_dropped,
  interfaces_published,
  interfaces_dropped,
  batches_published,
  batches_dropped, // numbers skipped in topic_seq: what consumers see as lost
  count_,
};
std::string_view name_of(EncoderCount count) noexcept;

// Writes records into batches and hands them to the publisher. One for each
// thread that has records (each worker, the host's), used by its thread only; counters() may be
// read by any. No call allocates, locks or asks a clock; with WhenFull::drop none waits.
class Encoder {
 public:
  Encoder(EncoderOptions options, BatchLane& lane);

  void add(const http::Message& message, const MessageContext& context) noexcept;
  // The same; `context()` makes the context where it is wanted.
  void add(const http::Message& message, const std::invocable auto& context) noexcept {
    if (options_.discard) return counters_.add(EncoderCount::messages_discarded);
    add(message, context());
  }
  void add(const record::FlowRecord& record) noexcept;
  void add(const record::SegmentRecord& record) noexcept;
  void add(const record::DatagramRecord& record) noexcept;
  // Both go to topic `socket`, in the order in which they were added.
  void add(const record::SocketRecord& record) noexcept;
  void add(const record::InterfaceRecord& record) noexcept;

  // When nothing more is to come for now: hands over what there is. Not while the
  // publisher is far behind: batches go on filling then, until the next call.
  void flush() noexcept;
  // At the end of the capture: hands over everything.
  void close() noexcept;

  // Records are thrown away: whoever makes them may spare himself the work.
  [[nodiscard]] bool discards() const noexcept { return options_.discard; }
  [[nodiscard]] const Counters<EncoderCount>& counters() const noexcept { return counters_; }

 private:
  static constexpr std::size_t kRecordsMax = 1024; // of one batch

  // The batch of one topic that is being filled. While there is none to be had,
  // the slot is `missing` one: its number is used up, and what it would have held is counted.
  template <class Record>
  struct Slot {
    codec::Topic topic;
    Batch* batch = nullptr;
    bool missing = false;
    std::size_t missing_bytes = 0;
    std::uint64_t dropped_records = 0; // since the batch before
    std::size_t used = 0;
    std::array<flatbuffers::Offset<Record>, kRecordsMax> records{};
  };

  // Adds a record as it is; answers whether there was room.
  template <class SchemaRecord, class Record>
  bool add_plain(Slot<SchemaRecord>& slot, const Record& record, EncoderCount published,
                 EncoderCount dropped) noexcept;
  template <class Record>
  Batch* room_for(Slot<Record>& slot, std::size_t bytes) noexcept;
  template <class Record>
  void keep(Slot<Record>& slot, flatbuffers::Offset<Record> record) noexcept;
  template <class Record>
  void close(Slot<Record>& slot) noexcept;
  template <class Record>
  void miss(Slot<Record>& slot, std::size_t bytes) noexcept;
  Batch* acquire(bool large) noexcept;

  [[nodiscard]] const SecretNames* masked() const noexcept {
    return options_.reveal ? nullptr : &options_.secrets;
  }

  EncoderOptions options_;
  BatchLane& lane_;
  Counters<EncoderCount> counters_;
  Slot<schema::HttpMessage> messages_{codec::Topic::http};
  Slot<schema::FlowRecord> flows_{codec::Topic::flow};
  Slot<schema::SegmentRecord> segments_{codec::Topic::tcp};
  Slot<schema::DatagramRecord> datagrams_{codec::Topic::udp};
  Slot<schema::SocketRecord> sockets_{codec::Topic::socket};
  Slot<schema::InterfaceRecord> interfaces_{codec::Topic::socket};
  ProcessesWritten processes_;                           // in the open batch of `sockets_`
  std::array<std::uint64_t, codec::kTopics> next_seq_{}; // of the next batch
};

} // namespace xdpcap::publish
