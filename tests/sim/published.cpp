#include "sim/published.hpp"

namespace xdpcap::sim {
namespace {

PublishedMessage copy(const schema::HttpMessage& from) {
  PublishedMessage to;
  to.flow = from.flow();
  to.request = from.kind() == schema::Kind::request;
  to.index = from.index();
  to.status = from.status();
  to.client = codec::text_of(from.client());
  to.server = codec::text_of(from.server());
  to.id = codec::field_named(from, "x-id");
  to.head = codec::text_of(from.head());
  to.body = codec::text_of(from.body());
  to.trailers = codec::text_of(from.trailer_section());
  to.framing = from.framing();
  to.full_body_length = from.full_body_length();
  to.complete = from.complete();
  to.end = from.end();
  to.anomalies = from.anomalies();
  for (std::uint32_t i = 0; from.gaps() != nullptr && i < from.gaps()->size(); ++i) {
    to.gaps.push_back({from.gaps()->Get(i)->offset(), from.gaps()->Get(i)->length()});
  }
  return to;
}

PublishedHalf copy(const schema::FlowHalf& from) {
  return {from.state(), from.packets(), from.payload_bytes(), from.gaps(), from.gap_bytes()};
}

PublishedFlow copy(const schema::FlowRecord& from) {
  PublishedFlow to;
  to.flow = from.flow();
  to.event = from.event();
  to.client = codec::text_of(from.client());
  to.server = codec::text_of(from.server());
  to.halves[0] = copy(*from.to_server());
  to.halves[1] = copy(*from.to_client());
  to.flags = from.flags();
  to.close = from.close();
  return to;
}

PublishedSegment copy(const schema::SegmentRecord& from) {
  PublishedSegment to;
  to.flow = from.flow();
  to.client = codec::text_of(from.client());
  to.server = codec::text_of(from.server());
  to.to_server = from.direction() == schema::Direction::to_server;
  to.arrived_ns = static_cast<std::int64_t>(from.arrived_ns());
  to.seq = from.seq();
  to.payload_bytes = from.payload_bytes();
  to.verdict = from.verdict();
  to.payload = codec::text_of(from.payload());
  return to;
}

template <class Records, class To>
void copy_all(const Records* records, To& to) {
  for (std::uint32_t i = 0; records != nullptr && i < records->size(); ++i)
    to.push_back(copy(*records->Get(i)));
}

} // namespace

void Published::take(const publish::Batch& batch, std::vector<std::uint64_t>& next_seq) {
  ++batches;
  const schema::Batch* view = reader_.open(batch.bytes());
  if (view == nullptr) {
    ++unreadable;
    return;
  }
  std::uint64_t& expected = next_seq.at(codec::index_of(batch.topic));
  batches_missing += view->topic_seq() - expected;
  expected = view->topic_seq() + 1;
  dropped_records += view->dropped_records();
  copy_all(view->messages(), messages);
  copy_all(view->flows(), flows);
  copy_all(view->segments(), segments);
}

} // namespace xdpcap::sim
