#include "apps/xdpcap_web/store/sensors.hpp"

#include <algorithm>
#include <tuple>

#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

using codec::text_of;

constexpr std::size_t kTextsMax = 64, kSensorTextMax = 256;

std::string short_text(const flatbuffers::String* text) {
  return std::string(text_of(text).substr(0, kSensorTextMax));
}

std::vector<std::string> texts_of(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* list) {
  std::vector<std::string> texts;
  if (list != nullptr) {
    for (const auto* text : *list) {
      if (texts.size() >= kTextsMax) break;
      texts.push_back(short_text(text));
    }
  }
  return texts;
}

} // namespace

bool Sensor::publishes_topic(std::string_view topic) const {
  return std::find(publishes.begin(), publishes.end(), topic) != publishes.end();
}

Sensor* Sensors::update_from(const schema::Batch& batch, SteadyTime now) {
  const std::string_view name = text_of(batch.sensor());
  const bool has_controls = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  });
  if (name.size() > kNameMax || has_controls) {
    refused_ = {refused_.batches + 1, std::string(name.substr(0, 32)), now};
    return nullptr;
  }
  auto known = sensors_.find(name);
  if (known == sensors_.end()) {
    if (sensors_.size() >= kSensorsMax) {
      const auto oldest = std::min_element(
          sensors_.begin(), sensors_.end(),
          [](const auto& a, const auto& b) { return a.second.last_seen < b.second.last_seen; });
      sensors_.erase(oldest);
    }
    known = sensors_.emplace(std::string(name), Sensor{}).first;
    known->second.name = std::make_shared<const std::string>(name);
  }
  Sensor& sensor = known->second;
  if (sensor.epoch_ns != batch.epoch()) {
    sensor = {.name = sensor.name, .epoch_ns = batch.epoch(), .lost_batches = sensor.lost_batches};
  }
  sensor.last_seen = now;
  return &sensor;
}

void Sensors::add(Sensor& sensor, const schema::StatsRecord& record) {
  const double seconds = sensor.has_stats && record.at_ns() > sensor.at_ns
                             ? static_cast<double>(record.at_ns() - sensor.at_ns) / 1e9
                             : static_cast<double>(record.interval_ns()) / 1e9;
  const std::vector<SensorCounter> before = std::move(sensor.counters);
  sensor.counters.clear();
  sensor.at_ns = record.at_ns();
  sensor.has_stats = true;
  sensor.ended = record.last();
  if (record.counters() != nullptr) {
    std::size_t i = 0;
    for (const schema::Counter* counter : *record.counters()) {
      if (sensor.counters.size() >= kCountersMax) break;
      SensorCounter now{short_text(counter->name()), short_text(counter->interface()),
                        counter->queue(), counter->value(), 0};
      // A capture reports them in the same order each time, as a rule.
      const auto same = [&](const SensorCounter& old) {
        return old.name == now.name && old.interface == now.interface && old.queue == now.queue;
      };
      const auto old = i < before.size() && same(before[i])
                           ? before.begin() + static_cast<std::ptrdiff_t>(i)
                           : std::find_if(before.begin(), before.end(), same);
      if (old != before.end() && seconds > 0 && now.value >= old->value)
        now.rate = static_cast<double>(now.value - old->value) / seconds;
      if (old != before.end()) now.grew = now.value > old->value ? sensor.last_seen : old->grew;
      sensor.counters.push_back(std::move(now));
      ++i;
    }
  }
  sensor.publishes = texts_of(record.publishes());
  sensor.endpoints.clear();
  if (record.endpoints() != nullptr) {
    for (const schema::EndpointCounts* endpoint : *record.endpoints()) {
      if (sensor.endpoints.size() >= kEndpointsMax) break;
      sensor.endpoints.push_back(
          {short_text(endpoint->endpoint()), endpoint->published(), endpoint->dropped()});
    }
  }
}

std::uint32_t Sensor::namespace_of(std::uint16_t interface) const noexcept {
  for (const SensorInterface& one : interfaces) {
    if (one.number >= 0 && static_cast<std::uint16_t>(one.number) == interface)
      return one.network_namespace;
  }
  return 0;
}

// A batch may hold a part of them only, so they are kept by index. One that is reported again
// begins another round; what was not reported in a whole round is gone.
void Sensors::add(
    Sensor& sensor,
    const flatbuffers::Vector<flatbuffers::Offset<schema::InterfaceRecord>>& records) {
  for (const schema::InterfaceRecord* record : records) {
    SensorInterface has_stats{.index = record->index(),
                              .number = record->number(),
                              .name = short_text(record->name()),
                              .driver = short_text(record->driver()),
                              .mac = short_text(record->mac()),
                              .xdp = short_text(record->xdp()),
                              .xdp_name = short_text(record->xdp_name()),
                              .ipv4 = texts_of(record->ipv4()),
                              .ipv6 = texts_of(record->ipv6()),
                              .up = record->up(),
                              .running = record->running(),
                              .mtu = record->mtu(),
                              .speed = record->speed(),
                              .network_namespace = record->network_namespace()};
    auto known =
        std::find_if(sensor.interfaces.begin(), sensor.interfaces.end(),
                     [&](const SensorInterface& old) { return old.index == has_stats.index; });
    if (known != sensor.interfaces.end() && known->round == sensor.interface_round) {
      const std::uint64_t over = sensor.interface_round++;
      std::erase_if(sensor.interfaces,
                    [over](const SensorInterface& one) { return one.round < over; });
      known =
          std::find_if(sensor.interfaces.begin(), sensor.interfaces.end(),
                       [&](const SensorInterface& old) { return old.index == has_stats.index; });
    }
    has_stats.round = sensor.interface_round;
    if (known != sensor.interfaces.end()) {
      *known = std::move(has_stats);
    } else if (sensor.interfaces.size() < kInterfacesMax) {
      sensor.interfaces.push_back(std::move(has_stats));
    }
  }
}

bool Sensors::any_publishes(std::string_view topic) const {
  return std::any_of(sensors_.begin(), sensors_.end(),
                     [topic](const auto& each) { return each.second.publishes_topic(topic); });
}

bool Sensors::any_alive(SteadyTime now) const {
  return std::any_of(sensors_.begin(), sensors_.end(), [now](const auto& each) {
    return !each.second.ended && !each.second.stale(now);
  });
}

} // namespace xdpcap::web
