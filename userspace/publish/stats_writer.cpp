#include "publish/stats_writer.hpp"

namespace xdpcap::publish {
namespace {

using flatbuffers::Offset;

Offset<flatbuffers::String> write_text(flatbuffers::FlatBufferBuilder& builder,
                                       std::string_view text) {
  return builder.CreateString(text.data(), text.size());
}

auto write_counts(flatbuffers::FlatBufferBuilder& builder, const std::vector<Count>& counts) {
  std::vector<Offset<schema::Counter>> written;
  for (const Count& count : counts) {
    const auto name = write_text(builder, count.name);
    const auto interface = count.interface.empty() ? Offset<flatbuffers::String>(0)
                                                   : write_text(builder, count.interface);
    written.push_back(schema::CreateCounter(builder, name, count.value, interface, count.queue));
  }
  return builder.CreateVector(written);
}

auto write_positions(flatbuffers::FlatBufferBuilder& builder,
                     const std::vector<TopicPosition>& positions) {
  std::vector<Offset<schema::TopicPosition>> written;
  for (const TopicPosition& position : positions) {
    const auto topic = write_text(builder, name_of(position.topic));
    written.push_back(
        schema::CreateTopicPosition(builder, position.shard, topic, position.next_seq));
  }
  return builder.CreateVector(written);
}

auto write_endpoints(flatbuffers::FlatBufferBuilder& builder,
                     const std::vector<EndpointReport>& reports) {
  std::vector<Offset<schema::EndpointCounts>> written;
  for (const EndpointReport& report : reports) {
    const auto name = write_text(builder, report.endpoint);
    written.push_back(schema::CreateEndpointCounts(builder, name, report.batches_published,
                                                   report.batches_dropped));
  }
  return builder.CreateVector(written);
}

auto write_topics(flatbuffers::FlatBufferBuilder& builder, TopicSet topics) {
  std::vector<Offset<flatbuffers::String>> written;
  for (std::size_t i = 0; i < kTopics; ++i) {
    const auto topic = static_cast<Topic>(i);
    if (topics.has(topic)) written.push_back(write_text(builder, name_of(topic)));
  }
  return builder.CreateVector(written);
}

} // namespace

Bytes write_heartbeat(flatbuffers::FlatBufferBuilder& builder, const Heartbeat& heartbeat) {
  builder.Clear();
  const auto counters = write_counts(builder, heartbeat.counts);
  const auto topics = write_positions(builder, heartbeat.positions);
  const auto endpoints = write_endpoints(builder, heartbeat.endpoints);
  const auto publishes = write_topics(builder, heartbeat.publishes);
  const std::vector records{schema::CreateStatsRecord(builder, heartbeat.at_ns,
                                                      heartbeat.interval_ns, heartbeat.last,
                                                      counters, topics, endpoints, publishes)};
  const auto stats = builder.CreateVector(records);
  const auto sensor = write_text(builder, heartbeat.sensor);
  schema::BatchBuilder batch(builder);
  batch.add_epoch(heartbeat.epoch_ns);
  batch.add_topic_seq(heartbeat.topic_seq);
  batch.add_published_ns(heartbeat.at_ns);
  batch.add_sensor(sensor);
  batch.add_stats(stats);
  schema::FinishBatchBuffer(builder, batch.Finish());
  return {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()};
}

} // namespace xdpcap::publish
