#include "publish/encoder.hpp"

#include <time.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/check.hpp"
#include "publish/community_id.hpp"
#include "publish/record_writer.hpp"

namespace xdpcap::publish {
namespace {

constexpr std::array<std::string_view, Counters<EncoderCount>::size> kNames{
    "messages_published",
    "messages_cut",
    "messages_cut_no_room",
    "messages_masked",
    "messages_discarded",
    "messages_dropped_no_room",
    "messages_dropped_too_large",
    "bytes_published",
    "bytes_cut",
    "bytes_dropped",
    "flows_published",
    "flows_dropped",
    "segments_published",
    "segments_dropped",
    "datagrams_published",
    "datagrams_dropped",
    "datagrams_discarded",
    "sockets_published",
    "sockets_dropped",
    "interfaces_published",
    "interfaces_dropped",
    "batches_published",
    "batches_dropped"};

// How long a waiting encoder sleeps between two looks for a free batch. Only
// with WhenFull::wait, that is, never on live traffic.
void pause_briefly() noexcept {
  const timespec pause{0, 100'000};
  ::nanosleep(&pause, nullptr);
}

void add_records(
    schema::BatchBuilder& out,
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::HttpMessage>>> records) {
  out.add_messages(records);
}
void add_records(
    schema::BatchBuilder& out,
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::FlowRecord>>> records) {
  out.add_flows(records);
}
void add_records(
    schema::BatchBuilder& out,
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::SegmentRecord>>> records) {
  out.add_segments(records);
}
void add_records(
    schema::BatchBuilder& out,
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::DatagramRecord>>> records) {
  out.add_datagrams(records);
}
void add_records(
    schema::BatchBuilder& out,
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::SocketRecord>>> records) {
  out.add_sockets(records);
}
void add_records(
    schema::BatchBuilder& out,
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::InterfaceRecord>>>
        records) {
  out.add_interfaces(records);
}

} // namespace

std::string_view name_of(EncoderCount count) noexcept {
  XDPCAP_CHECK(count < EncoderCount::count_);
  return kNames[static_cast<std::size_t>(count)];
}

Encoder::Encoder(EncoderOptions options, BatchLane& lane)
    : options_(std::move(options)), lane_(lane) {
  // The envelope's room is fixed; a name longer than this helps nobody.
  if (options_.sensor.size() > 255) options_.sensor.resize(255);
  XDPCAP_CHECK(lane.normal_room() > bytes_of(record::SegmentRecord{}));
  XDPCAP_CHECK(lane.normal_room() > bytes_of(record::DatagramRecord{}));
}

void Encoder::add(const http::Message& message, const MessageContext& context) noexcept {
  if (options_.discard) return counters_.add(EncoderCount::messages_discarded);
  const std::size_t fixed = bytes_without_body(message);
  const std::size_t bytes = message.head.size() + message.trailer_section.size();
  const auto wanted = static_cast<std::size_t>(std::min(message.body.size(), options_.max_body));
  const std::size_t largest = std::max(lane_.normal_room(), lane_.large_room());
  if (fixed > largest) {
    counters_.add(EncoderCount::messages_dropped_too_large);
    counters_.add(EncoderCount::bytes_dropped, bytes + message.body.size());
    ++messages_.dropped_records;
    return;
  }
  std::size_t kept = std::min(wanted, largest - fixed);
  Batch* batch = room_for(messages_, fixed + kept);
  const bool is_without_room =
      batch == nullptr && fixed + kept > lane_.normal_room() && fixed <= lane_.normal_room();
  if (is_without_room) {
    // No large batch is free: most of a message is better than none of it.
    kept = lane_.normal_room() - fixed;
    batch = room_for(messages_, fixed + kept);
  }
  if (batch == nullptr) {
    miss(messages_, fixed + kept);
    counters_.add(EncoderCount::messages_dropped_no_room);
    counters_.add(EncoderCount::bytes_dropped, bytes + message.body.size());
    return;
  }
  std::optional<CommunityId> id;
  if (options_.community_id) id.emplace(context.client, context.server);
  [[maybe_unused]] const std::size_t before = batch->builder().GetSize();
  const WrittenMessage written = write(batch->builder(), batch->tables(), message, context, kept,
                                       masked(), id ? id->text() : std::string_view{});
  XDPCAP_DCHECK(batch->builder().GetSize() - before <= fixed + kept);
  keep(messages_, written.offset);
  counters_.add(EncoderCount::messages_published);
  counters_.add(EncoderCount::bytes_published, bytes + kept);
  if (written.masked) counters_.add(EncoderCount::messages_masked);
  if (kept < message.body.size()) {
    counters_.add(EncoderCount::messages_cut);
    counters_.add(EncoderCount::bytes_cut, message.body.size() - kept);
    if (is_without_room) counters_.add(EncoderCount::messages_cut_no_room);
  }
  // There are few large batches: one that has its message goes at once.
  if (batch->large()) close(messages_);
}

void Encoder::add(const record::FlowRecord& record) noexcept {
  if (options_.discard) return;
  if (!options_.community_id) {
    add_plain(flows_, record, EncoderCount::flows_published, EncoderCount::flows_dropped);
    return;
  }
  const CommunityId id(record.client, record.server);
  record::FlowRecord named = record;
  named.community_id = id.text();
  add_plain(flows_, named, EncoderCount::flows_published, EncoderCount::flows_dropped);
}

void Encoder::add(const record::SegmentRecord& record) noexcept {
  if (options_.discard) return;
  record::SegmentRecord whole = record;
  // A segment is at most 64 KiB and a normal batch may be smaller than that.
  const std::size_t most = lane_.normal_room() - bytes_of(record::SegmentRecord{});
  whole.payload = whole.payload.first(std::min(whole.payload.size(), most));
  add_plain(segments_, whole, EncoderCount::segments_published, EncoderCount::segments_dropped);
}

void Encoder::add(const record::DatagramRecord& record) noexcept {
  if (options_.discard) return counters_.add(EncoderCount::datagrams_discarded);
  record::DatagramRecord whole = record;
  const std::size_t most = lane_.normal_room() - bytes_of(record::DatagramRecord{});
  whole.payload = whole.payload.first(std::min(whole.payload.size(), most));
  add_plain(datagrams_, whole, EncoderCount::datagrams_published, EncoderCount::datagrams_dropped);
}

// Many sockets belong to one process, which is written once in a batch.
void Encoder::add(const record::SocketRecord& record) noexcept {
  if (options_.discard) return;
  close(interfaces_); // one topic, one order
  const std::size_t alone = bytes_with_process(record);
  const bool is_written = record.process == nullptr || processes_.find(*record.process).o != 0;
  Batch* batch = alone > lane_.normal_room()
                     ? nullptr
                     : room_for(sockets_, is_written ? bytes_of(record) : alone);
  if (batch == nullptr) {
    miss(sockets_, alone);
    counters_.add(EncoderCount::sockets_dropped);
    return;
  }
  if (sockets_.used == 0)
    processes_.clear(); // a new batch, which has no process yet, and room for any
  keep(sockets_, write(batch->builder(), record, processes_, masked()));
  counters_.add(EncoderCount::sockets_published);
}

void Encoder::add(const record::InterfaceRecord& record) noexcept {
  if (options_.discard) return;
  close(sockets_);
  add_plain(interfaces_, record, EncoderCount::interfaces_published,
            EncoderCount::interfaces_dropped);
}

void Encoder::flush() noexcept {
  if (!lane_.is_crowded()) close();
}

void Encoder::close() noexcept {
  close(messages_);
  close(flows_);
  close(segments_);
  close(datagrams_);
  close(sockets_);
  close(interfaces_);
  lane_.ring();
}

Batch* Encoder::acquire(bool large) noexcept {
  Batch* batch = lane_.acquire(large);
  while (batch == nullptr && options_.when_full == WhenFull::wait && !lane_.abandoned()) {
    pause_briefly();
    batch = lane_.acquire(large);
  }
  return batch;
}

template <class SchemaRecord, class Record>
bool Encoder::add_plain(Slot<SchemaRecord>& slot, const Record& record, EncoderCount published,
                        EncoderCount dropped) noexcept {
  Batch* batch =
      bytes_of(record) > lane_.normal_room() ? nullptr : room_for(slot, bytes_of(record));
  if (batch == nullptr) {
    miss(slot, bytes_of(record));
    counters_.add(dropped);
    return false;
  }
  [[maybe_unused]] const std::size_t before = batch->builder().GetSize();
  keep(slot, write(batch->builder(), record));
  XDPCAP_DCHECK(batch->builder().GetSize() - before <= bytes_of(record));
  counters_.add(published);
  return true;
}

// The open batch of the slot if the record fits, else a new one, else nothing.
template <class Record>
Batch* Encoder::room_for(Slot<Record>& slot, std::size_t bytes) noexcept {
  if (slot.batch != nullptr) {
    // Each record has a place in the list that is written last.
    const std::size_t list = (slot.used + 1) * sizeof(flatbuffers::uoffset_t);
    if (slot.batch->room() >= bytes + list && slot.used < kRecordsMax) return slot.batch;
    close(slot);
  }
  const bool large = bytes > lane_.normal_room();
  slot.batch = acquire(large);
  if (slot.batch == nullptr) return nullptr;
  XDPCAP_CHECK(slot.used == 0 && bytes <= slot.batch->room());
  slot.missing = false;
  slot.batch->topic = slot.topic;
  slot.batch->topic_seq = next_seq_[index_of(slot.topic)]++;
  return slot.batch;
}

template <class Record>
void Encoder::keep(Slot<Record>& slot, flatbuffers::Offset<Record> record) noexcept {
  XDPCAP_CHECK(slot.batch != nullptr && slot.used < kRecordsMax);
  slot.records[slot.used++] = record;
}

// Counts a record that found no batch into the batch that is missing: its number
// is used up once, however many records would have been in it.
template <class Record>
void Encoder::miss(Slot<Record>& slot, std::size_t bytes) noexcept {
  if (!slot.missing || slot.missing_bytes + bytes > lane_.normal_room()) {
    slot.missing = true;
    slot.missing_bytes = 0;
    ++next_seq_[index_of(slot.topic)];
    counters_.add(EncoderCount::batches_dropped);
    lane_.set_next_seq(slot.topic, next_seq_[index_of(slot.topic)]);
  }
  slot.missing_bytes += bytes;
  ++slot.dropped_records;
}

template <class Record>
void Encoder::close(Slot<Record>& slot) noexcept {
  slot.missing = false;
  if (slot.batch == nullptr) return;
  XDPCAP_CHECK(slot.used != 0); // a batch is opened for a record
  Batch& batch = *std::exchange(slot.batch, nullptr);
  flatbuffers::FlatBufferBuilder& builder = batch.builder();
  const auto records = builder.CreateVector(slot.records.data(), slot.used);
  const auto sensor = builder.CreateString(options_.sensor.data(), options_.sensor.size());
  schema::BatchBuilder out(builder);
  out.add_epoch(options_.epoch_ns);
  out.add_topic_seq(batch.topic_seq);
  out.add_published_ns(1); // the publisher writes the time over it: it has a clock, and a default
                           // would have no place
  out.add_dropped_records(std::exchange(slot.dropped_records, 0));
  out.add_sensor(sensor);
  add_records(out, records);
  out.add_shard(lane_.shard());
  schema::FinishBatchBuffer(builder, out.Finish());

  batch.records = static_cast<std::uint32_t>(std::exchange(slot.used, 0));
  counters_.add(EncoderCount::batches_published);
  lane_.publish(&batch);
  lane_.set_next_seq(slot.topic, next_seq_[index_of(slot.topic)]);
}

} // namespace xdpcap::publish
