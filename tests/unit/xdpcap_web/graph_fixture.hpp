#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/xdpcap_web/map/graph.hpp"
#include "make.hpp"

// A map, and what goes into it.
namespace xdpcap::web::graph_test {

using nlohmann::json;
using schema::SocketEvent;
using schema::SocketProtocol;

inline constexpr std::uint64_t kSecond = 1'000'000'000;
inline const auto kSensor = std::make_shared<const std::string>("web1");

inline ProcessPointer process(std::uint32_t pid, const std::string& name,
                              const std::string& command = "", std::uint64_t started_ns = 0) {
  return std::make_shared<const Process>(Process{{.pid = pid,
                                                  .name = name,
                                                  .command = command.empty() ? name : command,
                                                  .started_ns = started_ns},
                                                 *kSensor});
}

inline Made<schema::SocketRecord> socket(const std::string& local, SocketProtocol protocol,
                                         SocketEvent event, schema::TcpState state,
                                         std::uint64_t cookie,
                                         const std::string& remote = "0.0.0.0:0",
                                         std::uint32_t network_namespace = 1) {
  return Made<schema::SocketRecord>([&](flatbuffers::FlatBufferBuilder& builder) {
    const schema::Endpoint here = endpoint(local), there = endpoint(remote);
    schema::SocketRecordBuilder record(builder);
    record.add_event(event);
    record.add_protocol(protocol);
    record.add_state(state);
    record.add_cookie(cookie);
    record.add_network_namespace(network_namespace);
    record.add_local(&here);
    record.add_remote(&there);
    builder.Finish(record.Finish());
  });
}
inline Made<schema::SocketRecord> listener(const std::string& local,
                                           SocketEvent event = SocketEvent::seen,
                                           std::uint32_t network_namespace = 1) {
  return socket(local, SocketProtocol::tcp, event, schema::TcpState::listen, 5, "0.0.0.0:0",
                network_namespace);
}
inline Made<schema::SocketRecord> udp_socket(const std::string& local, std::uint64_t cookie) {
  return socket(local, SocketProtocol::udp, SocketEvent::seen, schema::TcpState::closed, cookie);
}

inline Made<schema::DatagramRecord> datagram(const std::string& from, const std::string& to,
                                             std::uint16_t payload) {
  return Made<schema::DatagramRecord>([&](flatbuffers::FlatBufferBuilder& builder) {
    const schema::Endpoint source = endpoint(from), destination = endpoint(to);
    schema::DatagramRecordBuilder record(builder);
    record.add_source(&source);
    record.add_destination(&destination);
    record.add_length(static_cast<std::uint16_t>(payload + 8));
    record.add_arrived_ns(3 * kSecond);
    builder.Finish(record.Finish());
  });
}

class GraphTest : public ::testing::Test {
 protected:
  Connection connection(const std::string& client, const std::string& server,
                        ProcessPointer client_process = nullptr,
                        ProcessPointer server_process = nullptr) {
    Connection made;
    made.id = {1, ++flow_};
    made.sensor = kSensor;
    made.client = endpoint(client);
    made.server = endpoint(server);
    made.last_ns = 2 * kSecond;
    made.ends = {std::move(client_process), std::move(server_process)};
    return made;
  }
  static void add(Connection& one, std::uint64_t to_server, std::uint64_t to_client,
                  std::uint64_t messages = 0) {
    one.sides[0].payload_bytes += to_server;
    one.sides[1].payload_bytes += to_client;
    one.messages += messages;
  }
  // A connection's whole life in one step.
  void live(const ProcessPointer& client, std::uint64_t bytes = 10) {
    Connection one = connection("10.0.0.1:" + std::to_string(30000 + flow_ % 30000), "10.0.0.2:80",
                                client, nginx_);
    graph_.update(one, now_);
    add(one, bytes, bytes * 2, 2);
    one.closed = true;
    graph_.update(one, now_);
    graph_.forget(one);
  }
  json shown(const GraphQuery& query = {}) { return json::parse(graph_.to_json(query, now_)); }
  json edges(const GraphQuery& query = {}) { return shown(query)["edges"]; }
  std::vector<std::string> ids(const GraphQuery& query = {}) {
    std::vector<std::string> found;
    const json all = shown(query);
    for (const json& node : all["nodes"]) found.push_back(node["id"]);
    return found;
  }
  json node(const std::string& id, const GraphQuery& query = {}) {
    const json all = shown(query);
    for (const json& one : all["nodes"]) {
      if (one["id"] == id) return one;
    }
    return {};
  }

  Graph graph_{Rules{}};
  std::uint64_t flow_ = 0;
  std::uint64_t now_ = 1000 * kSecond;
  ProcessPointer nginx_ = process(812, "nginx", "nginx: worker");
};

} // namespace xdpcap::web::graph_test
