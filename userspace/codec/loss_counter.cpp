#include "codec/loss_counter.hpp"

#include <algorithm>

#include "codec/batch_view.hpp"

namespace xdpcap::codec {

std::uint64_t LossCounter::see(const schema::Batch& batch) {
  const std::optional<Topic> topic = topic_of(batch);
  if (!topic) return 0;
  const std::string_view sensor = text_of(batch.sensor());
  if (!enter_epoch(sensor, batch.epoch())) return 0;

  std::uint64_t found = 0;
  if (watched_[index_of(*topic)]) {
    found += advance(sensor, batch.shard(), *topic, batch.topic_seq(), batch.topic_seq() + 1);
  }
  if (*topic != Topic::stats) return found;
  for (const schema::StatsRecord* record : *batch.stats()) {
    if (record->topics() == nullptr) continue;
    for (const schema::TopicPosition* position : *record->topics()) {
      const std::optional<Topic> named = topic_named(text_of(position->topic()));
      if (!named || !watched_[index_of(*named)]) continue;
      found +=
          advance(sensor, position->shard(), *named, position->next_seq(), position->next_seq());
    }
  }
  return found;
}

std::uint64_t LossCounter::advance(std::string_view sensor, std::uint16_t shard, Topic topic,
                                   std::uint64_t first_not_lost, std::uint64_t next) {
  Stream stream{sensor, shard, topic};
  auto at = expected_.find(stream);
  if (at == expected_.end()) {
    if (expected_.size() < kStreamsMax) expected_.emplace(std::move(stream), next);
    return 0;
  }
  if (next <= at->second) return 0;
  const std::uint64_t missing = first_not_lost > at->second ? first_not_lost - at->second : 0;
  at->second = next;
  lost_ += missing;
  return missing;
}

// Answers whether this sensor is counted.
bool LossCounter::enter_epoch(std::string_view sensor, std::uint64_t epoch) {
  const auto known = epochs_.find(sensor);
  if (known == epochs_.end()) {
    if (sensor.size() > kSensorNameMax || epochs_.size() >= kSensorsMax) return false;
    epochs_.emplace(sensor, epoch);
    return true;
  }
  if (known->second == epoch) return true;
  known->second = epoch;
  ++restarts_;
  std::erase_if(expected_,
                [sensor](const auto& stream) { return std::get<0>(stream.first) == sensor; });
  return true;
}

} // namespace xdpcap::codec
