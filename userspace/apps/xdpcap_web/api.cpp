#include "apps/xdpcap_web/api.hpp"

#include "apps/xdpcap_web/json_views.hpp"
#include "apps/xdpcap_web/parameters.hpp"

namespace xdpcap::web {

Reply Api::answer(const Request& request) const {
  auto answer = route(request);
  return answer ? std::move(*answer) : reply_of(answer.error());
}

Api::Answer Api::route(const Request& request) const {
  constexpr std::string_view kExchange = "/api/messages/", kConnection = "/api/connections/";
  const std::string_view path = request.path;
  if (path == "/api/messages") return exchanges(request);
  if (path.starts_with(kExchange)) return exchange(request, path.substr(kExchange.size()));
  if (path == "/api/connections") return connections(request);
  if (path.starts_with(kConnection)) return connection(request, path.substr(kConnection.size()));
  if (path == "/api/graph") return graph(request);
  if (path == "/api/interfaces") return interfaces(request);
  if (path == "/api/stats") return stats(request);
  if (path == "/metrics") return metrics(request);
  if (path == "/healthz") return health(request);
  return ApiError{.status = 404, .message = "there is nothing at this path; the README of xdpcap-web lists the calls"};
}

Api::Answer Api::graph(const Request& request) const {
  auto parameters = Parameters::parse(request.query, {"p2p", "udp", "ports", "process", "window"});
  if (!parameters) return std::move(parameters).error();
  auto query = parse_graph_query(*parameters);
  if (!query) return std::move(query).error();
  const std::lock_guard lock{parts_.model.mutex};
  return Reply{.body = "{\"data\":" + parts_.model.graph.to_json(*query, utc_now_ns()) + "}\n"};
}

Api::Answer Api::interfaces(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters) return std::move(parameters).error();
  std::string body = "{\"data\":[";
  const std::lock_guard lock{parts_.model.mutex};
  bool first = true;
  for (const auto& [name, sensor] : parts_.model.sensors.all()) {
    for (const SensorInterface& interface : sensor.interfaces) {
      if (!first) body += ',';
      first = false;
      JsonObject object(body);
      const auto list = [&](std::string_view member, const std::vector<std::string>& addresses) {
        publish::json::append_array(object.member(member), &addresses,
                                    [&](const std::string& address) { append_words(body, address); });
      };
      object.words("Name", interface.name);
      object.words("IpV4Address", interface.ipv4.empty() ? "" : interface.ipv4.front());
      object.words("IpV6Address", interface.ipv6.empty() ? "" : interface.ipv6.front());
      list("IpV4Addresses", interface.ipv4);
      list("IpV6Addresses", interface.ipv6);
      object.boolean("Up", interface.up);
      object.boolean("Running", interface.running);
      object.boolean("Captured", interface.number >= 0);
      object.number("Mtu", interface.mtu);
      object.number_or_null("SpeedMbit", interface.speed);
      object.words_or_null("Driver", interface.driver);
      object.words("Mac", interface.mac);
      object.words_or_null("Xdp", interface.xdp);
      object.words_or_null("XdpProgram", interface.xdp_name);
      object.words("Sensor", name);
    }
  }
  return Reply{.body = body + "]}\n"};
}

Api::Answer Api::health(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters) return std::move(parameters).error();
  std::string reason;
  if (const auto failure = parts_.ingest.failure()) {
    reason = failure->sentence;
  } else {
    const std::lock_guard lock{parts_.model.mutex};
    const auto now = std::chrono::steady_clock::now();
    if (parts_.model.sensors.all().empty()) {
      reason = "no capture was heard of; is xdpcap-run publishing where --connect says?";
    } else if (!parts_.model.sensors.any_alive(now)) {
      reason = "every capture has ended or is silent";
    }
  }
  Reply reply{.status = reason.empty() ? 200U : 503U};
  {
    JsonObject object(reply.body);
    object.text("status", reason.empty() ? "ok" : "stale");
    if (!reason.empty()) object.words("reason", reason);
  }
  reply.body += '\n';
  return reply;
}

} // namespace xdpcap::web
