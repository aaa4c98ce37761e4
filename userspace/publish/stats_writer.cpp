#include "publish/stats_writer.hpp"

#include "schemas/record_tables.hpp"

namespace xdpcap::publish {

Bytes write_heartbeat(flatbuffers::FlatBufferBuilder& builder, const Heartbeat& heartbeat) {
  builder.Clear();
  const std::array records{write(builder, heartbeat.stats)};
  const auto stats = builder.CreateVector(records.data(), records.size());
  const auto sensor = record::write_required(builder, heartbeat.sensor);
  schema::BatchBuilder batch(builder);
  batch.add_epoch(heartbeat.epoch_ns);
  batch.add_topic_seq(heartbeat.topic_seq);
  batch.add_published_ns(heartbeat.stats.at_ns);
  batch.add_sensor(sensor);
  batch.add_stats(stats);
  schema::FinishBatchBuffer(builder, batch.Finish());
  return {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()};
}

} // namespace xdpcap::publish
