#include "apps/xdpcap_web/api/health.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "apps/xdpcap_web/api/json_views.hpp"

namespace xdpcap::web {
namespace {

constexpr std::size_t kProblemsMax = 256;
constexpr std::chrono::seconds kLossShown{60};

void add_sensor(Health& health, const Sensor& sensor, SteadyTime now) {
  ++health.sensors;
  const auto add = [&](std::string name, std::string interface, std::uint64_t value,
                       std::string message) {
    if (health.problems.size() < kProblemsMax)
      health.problems.push_back(
          {std::move(name), *sensor.name, std::move(interface), value, std::move(message)});
  };
  if (sensor.ended) return;
  if (sensor.stale(now)) {
    const auto silent =
        std::chrono::duration_cast<std::chrono::seconds>(now - sensor.last_seen).count();
    add("sensor_stale", "", static_cast<std::uint64_t>(silent),
        "nothing has come from this capture for some seconds");
    return;
  }
  ++health.alive;
  for (const SensorCounter& counter : sensor.counters) {
    if (counter.is_health() && counter.value != 0)
      add(counter.name, counter.interface, counter.value, health_message(counter.name));
    if (counter.is_loss() && counter.value != 0 && counter.grew + kLossShown > now)
      add(counter.name, counter.interface, counter.value,
          "the capture lost something within the last minute");
  }
  if (sensor.lost_batches != 0 && sensor.lost + kLossShown > now)
    add("lost_batches", "", sensor.lost_batches,
        "this gateway was too slow for the capture within the last minute");
}

} // namespace

std::string health_message(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kKnown{{
      {"health_interface_gone", "the interface was removed: its capture has ended"},
      {"health_interface_down", "the interface is down: its capture waits"},
      {"health_links_detached", "somebody detached the capture's program: it sees nothing"},
      {"health_preceded",
       "another program stands before the capture's and may keep frames from it"},
      {"health_tap_gone", "somebody removed the tap's device: its capture has ended"},
      {"health_tap_changed", "somebody changed the tap's device: the capture may see nothing"},
      {"health_mtu",
       "the MTU was raised above what the capture was made for: large frames may be lost"},
      {"health_no_frames", "the interface counts packets, and the capture sees none"},
      {"health_in_use",
       "this host uses the interface since the start, and mirror mode takes its TCP frames"},
  }};
  for (const auto& [known, message] : kKnown) {
    if (known == name) return std::string(message);
  }
  std::string words(name);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string_view name_of(Health::Status status) noexcept {
  switch (status) {
    case Health::Status::ok:
      return "ok";
    case Health::Status::degraded:
      return "degraded";
    case Health::Status::stale:
      return "stale";
  }
  return "";
}

Health health_of(const Api::Parts& parts) {
  Health health;
  const auto now = std::chrono::steady_clock::now();
  const auto failure = parts.ingest.failure();
  if (failure) health.problems.push_back({"receiving_failed", "", "", 1, failure->message});
  if (parts.history != nullptr) {
    const History::Facts facts = parts.history->facts();
    if (!facts.error.empty())
      health.problems.push_back({"history_failed", "", "", facts.dropped, facts.error});
  }
  {
    const MutexLock lock{parts.model.mutex};
    for (const auto& [name, sensor] : parts.model.sensors.all()) add_sensor(health, sensor, now);
    const Sensors::Refused& refused = parts.model.sensors.refused();
    if (refused.batches != 0 && refused.last + kLossShown > now)
      health.problems.push_back(
          {"sensor_name_refused", "", "", refused.batches,
           fmt::format("batches were left out, as '{}' is no name of a capture", refused.name)});
  }
  if (failure) {
    health.reason = failure->message;
  } else if (health.sensors == 0) {
    health.reason =
        "nothing has come from any capture yet; is xdpcap-run publishing where --connect says?";
  } else if (health.alive == 0) {
    health.reason = "every capture has ended or is silent";
  }
  if (!health.reason.empty()) {
    health.status = Health::Status::stale;
  } else if (!health.problems.empty()) {
    health.status = Health::Status::degraded;
    health.reason = health.problems.front().message;
  }
  return health;
}

void append_health(std::string& out, const Health& health) {
  JsonObject object(out);
  object.text("status", name_of(health.status));
  object.words_or_null("reason", health.reason);
  object.number("sensors", health.sensors);
  object.number("alive", health.alive);
  codec::json::append_array(object.member("problems"), &health.problems,
                            [&out](const Problem& problem) {
                              JsonObject inner(out);
                              inner.words("name", problem.name);
                              inner.words_or_null("sensor", problem.sensor);
                              inner.words_or_null("interface", problem.interface);
                              inner.number("value", problem.value);
                              inner.words("message", problem.message);
                            });
}

} // namespace xdpcap::web
