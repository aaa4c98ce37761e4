#include "apps/xdpcap_web/grpc/grpc_service.hpp"
#include "apps/xdpcap_web/server/access.hpp"
#include "apps/xdpcap_web/store/model.hpp"

namespace xdpcap::web {

GrpcService::Sources grpc_sources(Model& model, Access& access) {
  GrpcService::Sources sources;
  sources.connections = [&model](const PacketFilter& filter) {
    std::vector<Connection> found;
    const MutexLock lock{model.mutex};
    model.connections.for_each([&](const Connection& connection) {
      if (!filter.matches(connection)) return;
      found.push_back(connection);
      found.back().course = {};
    });
    return found;
  };
  sources.interface_names = [&model] {
    std::map<std::pair<std::string, std::int32_t>, std::string> names;
    const MutexLock lock{model.mutex};
    for (const auto& [name, sensor] : model.sensors.all()) {
      for (const SensorInterface& interface : sensor.interfaces) {
        if (interface.number >= 0) names[{name, interface.number}] = interface.name;
      }
    }
    return names;
  };
  sources.check = [&access](std::string_view authorization, const std::string& peer) {
    return access.check_bearer(authorization, peer);
  };
  return sources;
}

} // namespace xdpcap::web
