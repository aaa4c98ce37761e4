#include "apps/xdpcap_web/store/model.hpp"

#include <algorithm>

#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

std::uint64_t flows_dropped(const Sensor& sensor) {
  const auto found = std::find_if(
      sensor.counters.begin(), sensor.counters.end(),
      [](const SensorCounter& counter) { return counter.name == "publish_flows_dropped"; });
  return found == sensor.counters.end() ? 0 : found->value;
}

} // namespace

Model::Model(Limits limits, Rules rules, Archive archive)
    : connections({.age_ns = limits.age_ns}, host,
                  {.changed = [this](Connection& connection)
                                  XDPCAP_REQUIRES(mutex) { graph.update(connection, now_ns_); },
                   .dropped = [this](Connection& connection)
                                  XDPCAP_REQUIRES(mutex) { graph.forget(connection); },
                   .listens = [this](const schema::Endpoint& end, const SeenBy& by)
                                  XDPCAP_REQUIRES(mutex) { return graph.listens(end, by); }}),
      exchanges({.age_ns = limits.age_ns, .bytes = limits.bytes / 4 * 3},
                [this](const Exchange& exchange) XDPCAP_REQUIRES(mutex) {
                  if (const auto latency = exchange.latency_ns())
                    connections.add_latency(exchange.id.connection, *latency);
                  if (archive_) finished_.push_back({exchange, now_ns_});
                }),
      segments(limits.bytes / 4),
      graph(std::move(rules)),
      archive_(std::move(archive)) {}

void Model::add(const schema::Batch& batch, Bytes bytes, codec::Topic topic, std::uint64_t lost,
                BatchPointer& kept, std::uint64_t now_ns) {
  const MutexLock lock{mutex};
  now_ns_ = now_ns;
  Sensor* const known = sensors.update_from(batch, std::chrono::steady_clock::now());
  if (known == nullptr) return;
  Sensor& sensor = *known;
  sensor.lost_batches += lost;
  if (lost != 0) sensor.lost = sensor.last_seen;
  lost_batches += lost;
  const std::uint64_t source = source_of(*sensor.name, batch.epoch());
  // A heartbeat shows batches of any topic that never came.
  if (lost != 0 && (topic == codec::Topic::flow || topic == codec::Topic::stats))
    connections.mark_uncertain(source);
  switch (topic) {
    case codec::Topic::http:
      kept = KeptBatch::keep(bytes);
      add_messages(batch, sensor, source);
      exchanges.add(kept, sensor.name, now_ns);
      break;
    case codec::Topic::flow:
      for (const schema::FlowRecord* record : *batch.flows())
        connections.add(*record, sensor.name, source, now_ns,
                        sensor.namespace_of(record->interface()));
      break;
    case codec::Topic::tcp:
      kept = KeptBatch::keep(bytes);
      segments.add(kept, source);
      break;
    case codec::Topic::udp:
      kept = KeptBatch::keep(bytes);
      for (const schema::DatagramRecord* record : *batch.datagrams())
        graph.add_datagram(*record, {*sensor.name, sensor.namespace_of(record->interface())},
                           now_ns);
      break;
    case codec::Topic::socket:
      if (batch.interfaces() != nullptr) Sensors::add(sensor, *batch.interfaces());
      if (batch.sockets() == nullptr) break;
      for (const schema::SocketRecord* record : *batch.sockets()) {
        graph.add_socket(*record, host.add(*record, *sensor.name, now_ns), *sensor.name, now_ns);
        connections.add(*record, now_ns);
      }
      break;
    case codec::Topic::stats: {
      const std::uint64_t dropped = flows_dropped(sensor);
      for (const schema::StatsRecord* record : *batch.stats()) Sensors::add(sensor, *record);
      if (flows_dropped(sensor) > dropped)
        connections.mark_uncertain(source); // before they had a batch
      break;
    }
    case codec::Topic::count_:
      break;
  }
}

void Model::add_messages(const schema::Batch& batch, const Sensor& sensor, std::uint64_t source) {
  for (const schema::HttpMessage* message : *batch.messages())
    connections.add_message({source, message->flow()}, *message, sensor.name, now_ns_,
                            sensor.namespace_of(message->interface()));
}

void Model::expire(std::uint64_t now_ns) {
  const MutexLock lock{mutex};
  now_ns_ = now_ns;
  exchanges.expire(now_ns);
  connections.expire(now_ns);
  host.expire(now_ns);
  graph.expire(now_ns);
  hand_on(now_ns > kEndsKnownNs ? now_ns - kEndsKnownNs : 0);
}

void Model::finish() {
  const MutexLock lock{mutex};
  exchanges.finish();
  hand_on(UINT64_MAX);
}

void Model::hand_on(std::uint64_t before_ns) {
  while (!finished_.empty() && finished_.front().at_ns <= before_ns) {
    const Exchange& exchange = finished_.front().exchange;
    archive_(exchange, connections.ends_of(exchange.id.connection));
    finished_.pop_front();
  }
}

} // namespace xdpcap::web
