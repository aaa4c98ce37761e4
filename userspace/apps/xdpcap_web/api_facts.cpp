#include <fmt/format.h>

#include <set>

#include "apps/xdpcap_web/api.hpp"
#include "apps/xdpcap_web/json_views.hpp"
#include "apps/xdpcap_web/parameters.hpp"

// The ledger and the gateway's own figures: /api/stats, /metrics (api.hpp).
namespace xdpcap::web {
namespace {

void append_counter(std::string& out, const SensorCounter& counter) {
  JsonObject object(out);
  object.words("name", counter.name);
  object.number("value", counter.value);
  object.real("rate", counter.rate);
  object.words_or_null("interface", counter.interface);
  if (counter.queue < 0) {
    object.null("queue");
  } else {
    object.number("queue", static_cast<std::uint64_t>(counter.queue));
  }
}

void append_sensor(std::string& out, const Sensor& sensor, SteadyTime now) {
  JsonObject object(out);
  object.words("sensor", *sensor.name);
  object.ms("epoch", sensor.epoch_ns);
  object.ms("at", sensor.at_ns);
  object.boolean("stale", sensor.stale(now));
  object.boolean("ended", sensor.ended);
  publish::json::append_array(object.member("counters"), &sensor.counters,
                              [&](const SensorCounter& counter) { append_counter(out, counter); });
  publish::json::append_array(object.member("publishes"), &sensor.publishes,
                              [&](const std::string& topic) { append_words(out, topic); });
  object.number("lost_batches", sensor.lost_batches);
  publish::json::append_array(object.member("endpoints"), &sensor.endpoints, [&](const Sensor::Endpoint& endpoint) {
    JsonObject inner(out);
    inner.words("endpoint", endpoint.name);
    inner.number("published", endpoint.published);
    inner.number("dropped", endpoint.dropped);
  });
}

void append_history(std::string& out, const History* history) {
  if (history == nullptr) {
    out += "null";
    return;
  }
  const History::Facts facts = history->facts();
  JsonObject object(out);
  object.words("file", facts.file);
  object.number("octets", facts.octets);
  object.number("size_max", facts.size_max);
  object.number("exchanges", facts.exchanges);
  object.ms_or_null("oldest", facts.oldest_ns);
  object.number("dropped", facts.dropped);
  object.words_or_null("error", facts.error);
}

std::uint64_t oldest_of(const ExchangeStore& store) {
  for (std::uint64_t number = store.first_number(); number < store.next_number(); ++number) {
    const Exchange& exchange = store.at(number);
    if (exchange.request || exchange.response) return exchange.first_ns();
  }
  return 0;
}

std::string label_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

// A counter's name as Prometheus takes it; names come from the wire.
std::string metric_name(std::string_view name) {
  std::string metric = "xdpcap_";
  for (const char c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    metric += fits ? c : '_';
  }
  return metric + "_total";
}

class Metrics {
 public:
  void begin(std::string_view name, std::string_view kind, std::string_view help) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, kind);
  }
  void value(std::string_view name, std::string_view labels, std::uint64_t number) {
    fmt::format_to(std::back_inserter(out), "{}{}{}{} {}\n", name, labels.empty() ? "" : "{", labels,
                   labels.empty() ? "" : "}", number);
  }
  void only(std::string_view name, std::string_view kind, std::string_view help, std::uint64_t number) {
    begin(name, kind, help);
    value(name, "", number);
  }

  std::string out;
};

// Every figure of every ledger: one metric for each name, labels for sensor, interface and queue.
void add_ledgers(Metrics& metrics, const Sensors& sensors) {
  std::set<std::string_view> names;
  for (const auto& [name, sensor] : sensors.all()) {
    for (const SensorCounter& counter : sensor.counters) names.insert(counter.name);
  }
  for (const std::string_view name : names) {
    const std::string metric = metric_name(name);
    metrics.begin(metric, "counter", "a figure of the capture's ledger");
    for (const auto& [sensor_name, sensor] : sensors.all()) {
      for (const SensorCounter& counter : sensor.counters) {
        if (counter.name != name) continue;
        std::string labels = fmt::format("sensor=\"{}\"", label_text(sensor_name));
        if (!counter.interface.empty()) labels += fmt::format(",interface=\"{}\"", label_text(counter.interface));
        if (counter.queue >= 0) labels += fmt::format(",queue=\"{}\"", counter.queue);
        metrics.value(metric, labels, counter.value);
      }
    }
  }
}

} // namespace

std::string stats_json(const Api::Parts& parts) {
  std::string out = "{\"data\":{\"sensors\":";
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock{parts.model.mutex};
  publish::json::append_array(out, &parts.model.sensors.all(),
                              [&](const auto& each) { append_sensor(out, each.second, now); });
  out += ",\"gateway\":";
  {
    JsonObject gateway(out);
    gateway.number("exchanges", parts.model.exchanges.size());
    gateway.number("connections", parts.model.connections.size());
    gateway.number("sockets", parts.model.host.sockets());
    gateway.number("octets", parts.model.exchanges.octets());
    gateway.number("memory_max", parts.memory_max);
    gateway.ms_or_null("oldest", oldest_of(parts.model.exchanges));
    gateway.number("streams", parts.streams());
    gateway.number("lost_batches", parts.model.lost_batches);
    gateway.number("damaged", parts.ingest.damaged());
    gateway.number("dropped_exchanges", parts.model.exchanges.dropped());
    append_history(gateway.member("history"), parts.history);
  }
  return out + "}}";
}

Api::Answer Api::stats(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters) return std::move(parameters).error();
  return Reply{.body = stats_json(parts_) + '\n'};
}

Api::Answer Api::metrics(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters) return std::move(parameters).error();
  Metrics metrics;
  const auto now = std::chrono::steady_clock::now();
  metrics.begin("xdpcap_build_info", "gauge", "the version of this gateway");
  metrics.value("xdpcap_build_info", "version=\"" XDPCAP_VERSION "\"", 1);
  const std::lock_guard lock{parts_.model.mutex};
  const Model& model = parts_.model;
  metrics.begin("xdpcap_sensor_up", "gauge", "1 while the capture speaks");
  for (const auto& [name, sensor] : model.sensors.all())
    metrics.value("xdpcap_sensor_up", fmt::format("sensor=\"{}\"", label_text(name)),
                  !sensor.ended && !sensor.stale(now) ? 1 : 0);
  metrics.only("xdpcap_web_batches_received_total", "counter", "batches from captures", parts_.ingest.batches());
  metrics.only("xdpcap_web_batches_lost_total", "counter", "batches that this gateway was too slow for",
               model.lost_batches);
  metrics.only("xdpcap_web_batches_damaged_total", "counter", "batches that were no sound FlatBuffer",
               parts_.ingest.damaged());
  metrics.only("xdpcap_web_exchanges", "gauge", "exchanges in memory", model.exchanges.size());
  metrics.only("xdpcap_web_exchange_octets", "gauge", "octets that they take", model.exchanges.octets());
  metrics.only("xdpcap_web_exchanges_dropped_total", "counter", "exchanges that left memory for age or room",
               model.exchanges.dropped());
  metrics.only("xdpcap_web_connections", "gauge", "connections in memory", model.connections.size());
  metrics.only("xdpcap_web_streams", "gauge", "open event streams", parts_.streams());
  if (parts_.history != nullptr) {
    const History::Facts facts = parts_.history->facts();
    metrics.only("xdpcap_web_history_octets", "gauge", "octets of the history's file", facts.octets);
    metrics.only("xdpcap_web_history_dropped_total", "counter", "exchanges that the history had no room in time for",
                 facts.dropped);
  }
  add_ledgers(metrics, model.sensors);
  return Reply{.type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(metrics.out)};
}

} // namespace xdpcap::web
