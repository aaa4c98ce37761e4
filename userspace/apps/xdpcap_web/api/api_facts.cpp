#include <fmt/core.h>

#include <map>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/api/health.hpp"
#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/api/parameters.hpp"
#include "core/utf8.hpp"

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
  codec::json::append_array(object.member("counters"), &sensor.counters,
                            [&](const SensorCounter& counter) { append_counter(out, counter); });
  codec::json::append_array(
      object.member("publishes"), &sensor.publishes,
      [&](const std::string& topic) { codec::json::append_words(out, topic); });
  object.number("lost_batches", sensor.lost_batches);
  codec::json::append_array(object.member("endpoints"), &sensor.endpoints,
                            [&](const Sensor::Endpoint& endpoint) {
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
  object.number("bytes", facts.bytes);
  object.number("size_max", facts.size_max);
  object.number("exchanges", facts.exchanges);
  object.ms_or_null("oldest", facts.oldest_ns);
  object.number("dropped", facts.dropped);
  object.words_or_null("error", facts.error);
}

// The value of a label: UTF-8, with what the text format reserves escaped. Names come from the
// wire.
std::string label_text(std::string_view text) {
  std::string escaped;
  const bool utf8 = is_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8) ? '?' : c;
  }
  return escaped;
}

// A counter's name as Prometheus takes it.
std::string metric_name(std::string_view name) {
  std::string metric = "xdpcap_";
  for (const char c : name) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    metric += fits ? c : '_';
  }
  return metric + "_total";
}

class Metrics {
 public:
  void begin(std::string_view name, std::string_view kind, std::string_view help) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, kind);
  }
  void value(std::string_view name, std::string_view labels, std::uint64_t number) {
    out += fmt::format("{}{}{}{} {}\n", name, labels.empty() ? "" : "{", labels,
                       labels.empty() ? "" : "}", number);
  }
  void only(std::string_view name, std::string_view kind, std::string_view help,
            std::uint64_t number) {
    begin(name, kind, help);
    value(name, "", number);
  }

  std::string out;
};

// Every figure of every ledger: one metric for each name, labels for sensor, interface and queue.
// Whatever names come, each metric and each set of labels stands there once.
void add_ledgers(Metrics& metrics, const std::vector<Sensor>& sensors) {
  std::map<std::string, std::map<std::string, std::uint64_t>> all; // by metric and labels
  for (const Sensor& sensor : sensors) {
    const std::string sensor_label = fmt::format("sensor=\"{}\"", label_text(*sensor.name));
    for (const SensorCounter& counter : sensor.counters) {
      std::string metric = metric_name(counter.name);
      if (counter.is_health()) metric.resize(metric.size() - std::string_view("_total").size());
      if (metric.starts_with("xdpcap_web_")) continue; // those are this gateway's
      std::string labels = sensor_label;
      if (!counter.interface.empty())
        labels += fmt::format(",interface=\"{}\"", label_text(counter.interface));
      if (counter.queue >= 0) labels += fmt::format(",queue=\"{}\"", counter.queue);
      all[std::move(metric)].insert_or_assign(std::move(labels), counter.value);
    }
  }
  for (const auto& [metric, values] : all) {
    const bool is_gauge = !metric.ends_with("_total");
    metrics.begin(
        metric, is_gauge ? "gauge" : "counter",
        is_gauge ? "not 0: a problem of the capture" : "a figure of the capture's ledger");
    for (const auto& [labels, value] : values) metrics.value(metric, labels, value);
  }
}

// What the statistics show of the model, so that they are written without its lock.
struct Figures {
  std::vector<Sensor> sensors;
  std::uint64_t exchanges = 0, connections = 0, sockets = 0, bytes = 0, oldest_ns = 0,
                lost_batches = 0, dropped = 0;
};

Figures figures_of(Model& model) {
  Figures figures;
  const MutexLock lock{model.mutex};
  figures.sensors.reserve(model.sensors.all().size());
  for (const auto& [name, sensor] : model.sensors.all()) figures.sensors.push_back(sensor);
  figures.exchanges = model.exchanges.size();
  figures.connections = model.connections.size();
  figures.sockets = model.host.sockets();
  figures.bytes = model.exchanges.bytes();
  figures.oldest_ns = model.exchanges.oldest_ns();
  figures.lost_batches = model.lost_batches;
  figures.dropped = model.exchanges.dropped();
  return figures;
}

} // namespace

std::string stats_json(const Api::Parts& parts) {
  std::string out = "{\"data\":{\"sensors\":";
  const auto now = std::chrono::steady_clock::now();
  const Figures figures = figures_of(parts.model);
  codec::json::append_array(out, &figures.sensors,
                            [&](const Sensor& sensor) { append_sensor(out, sensor, now); });
  out += ",\"health\":";
  append_health(out, health_of(parts));
  out += ",\"gateway\":";
  {
    JsonObject gateway(out);
    gateway.number("exchanges", figures.exchanges);
    gateway.number("connections", figures.connections);
    gateway.number("sockets", figures.sockets);
    gateway.number("bytes", figures.bytes);
    gateway.number("memory_max", parts.memory_max);
    gateway.ms_or_null("oldest", figures.oldest_ns);
    gateway.number("streams", parts.streams());
    gateway.number("lost_batches", figures.lost_batches);
    gateway.number("damaged", parts.ingest.damaged());
    gateway.number("dropped_exchanges", figures.dropped);
    append_history(gateway.member("history"), parts.history);
  }
  return out + "}}";
}

Api::Answer Api::stats(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters)
    return std::move(parameters).error();
  return Reply{.body = stats_json(parts_) + '\n'};
}

Api::Answer Api::metrics(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters)
    return std::move(parameters).error();
  Metrics metrics;
  const auto now = std::chrono::steady_clock::now();
  const Figures figures = figures_of(parts_.model);
  metrics.begin("xdpcap_build_info", "gauge", "the version of this gateway");
  metrics.value("xdpcap_build_info", "version=\"" XDPCAP_VERSION "\"", 1);
  metrics.begin("xdpcap_sensor_up", "gauge", "1 while the capture speaks");
  for (const Sensor& sensor : figures.sensors)
    metrics.value("xdpcap_sensor_up", fmt::format("sensor=\"{}\"", label_text(*sensor.name)),
                  !sensor.ended && !sensor.stale(now) ? 1 : 0);
  metrics.only("xdpcap_web_problems", "gauge", "what /api/health reports",
               health_of(parts_).problems.size());
  metrics.only("xdpcap_web_batches_received_total", "counter", "batches from captures",
               parts_.ingest.batches());
  metrics.only("xdpcap_web_batches_lost_total", "counter",
               "batches that this gateway was too slow for", figures.lost_batches);
  metrics.only("xdpcap_web_batches_damaged_total", "counter",
               "batches that were no sound FlatBuffer", parts_.ingest.damaged());
  metrics.only("xdpcap_web_exchanges", "gauge", "exchanges in memory", figures.exchanges);
  metrics.only("xdpcap_web_exchange_bytes", "gauge", "bytes that they take", figures.bytes);
  metrics.only("xdpcap_web_exchanges_dropped_total", "counter",
               "exchanges that left memory for age or room", figures.dropped);
  metrics.only("xdpcap_web_connections", "gauge", "connections in memory", figures.connections);
  metrics.only("xdpcap_web_streams", "gauge", "open event streams", parts_.streams());
  metrics.only("xdpcap_web_wrong_tokens_total", "counter", "requests with a wrong token",
               parts_.wrong_tokens());
  if (parts_.history != nullptr) {
    const History::Facts facts = parts_.history->facts();
    metrics.only("xdpcap_web_history_bytes", "gauge", "bytes of the history's file", facts.bytes);
    metrics.only("xdpcap_web_history_dropped_total", "counter",
                 "exchanges that the history had no room in time for", facts.dropped);
  }
  add_ledgers(metrics, figures.sensors);
  return Reply{.type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(metrics.out)};
}

} // namespace xdpcap::web
