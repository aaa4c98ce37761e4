#include "apps/xdpcap_web/api/api.hpp"

#include "apps/xdpcap_web/api/health.hpp"
#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/api/parameters.hpp"

namespace xdpcap::web {

Reply Api::answer(const Request& request) const {
  auto answer = route(request);
  return answer ? std::move(*answer) : reply_of(answer.error());
}

Api::Cost Api::cost_of(const Request& request) {
  const std::string_view path = request.path;
  if (path == "/healthz" || path == "/metrics" || path == "/api/health" || path == "/api/stats")
    return Cost::figures;
  return path == "/api/messages" ? Cost::search : Cost::other;
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
  if (path == "/api/health") return health_in_words(request);
  if (path == "/metrics") return metrics(request);
  if (path == "/healthz") return health(request);
  return ApiError{
      .status = 404,
      .message = "there is nothing at this path; the README of xdpcap-web lists the calls"};
}

Api::Answer Api::graph(const Request& request) const {
  auto parameters = Parameters::parse(request.query, {"p2p", "udp", "ports", "process", "window"});
  if (!parameters) return std::move(parameters).error();
  auto query = parse_graph_query(*parameters);
  if (!query) return std::move(query).error();
  const MutexLock lock{parts_.model.mutex};
  return Reply{.body =
                   "{\"data\":" + parts_.model.graph.to_json(*query, monotonic_now_ns()) + "}\n"};
}

Api::Answer Api::interfaces(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters)
    return std::move(parameters).error();
  std::vector<std::pair<std::string, std::vector<SensorInterface>>> all;
  {
    const MutexLock lock{parts_.model.mutex};
    for (const auto& [name, sensor] : parts_.model.sensors.all())
      all.emplace_back(name, sensor.interfaces);
  }
  std::string body = "{\"data\":[";
  bool first = true;
  for (const auto& [name, interfaces] : all) {
    for (const SensorInterface& interface : interfaces) {
      if (!first) body += ',';
      first = false;
      JsonObject object(body);
      const auto list = [&](std::string_view member, const std::vector<std::string>& addresses) {
        codec::json::append_array(
            object.member(member), &addresses,
            [&](const std::string& address) { codec::json::append_words(body, address); });
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

// Everybody may ask this: it says no more than a monitor needs.
Api::Answer Api::health(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters)
    return std::move(parameters).error();
  const Health health = health_of(parts_);
  Reply reply{.status = health.status == Health::Status::stale ? 503U : 200U};
  JsonObject(reply.body).text("status", name_of(health.status));
  reply.body += '\n';
  return reply;
}

Api::Answer Api::health_in_words(const Request& request) const {
  if (auto parameters = Parameters::parse(request.query, {}); !parameters)
    return std::move(parameters).error();
  Reply reply{.body = "{\"data\":"};
  append_health(reply.body, health_of(parts_));
  reply.body += "}\n";
  return reply;
}

} // namespace xdpcap::web
