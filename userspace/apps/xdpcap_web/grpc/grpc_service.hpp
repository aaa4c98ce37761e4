#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/xdpcap_web/api/packet.hpp"
#include "apps/xdpcap_web/store/batch_listener.hpp"
#include "apps/xdpcap_web/store/connection.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

class Access;
class Model;

// The service TcpMonitor (schemas/tcp_monitor.proto). Each stream has a thread of gRPC's and a
// queue of batches of its own, bounded in bytes: a slow client loses packets and learns how many,
// and nobody waits for it.
//
// A build without gRPC has this class as well: open() then says so.
class GrpcService : public BatchListener {
 public:
  struct Options {
    std::string address;                            // ADDRESS:PORT; port 0 takes a free one
    std::string tls_certificate = {}, tls_key = {}; // PEM files; empty: in clear
    std::size_t streams_max = 16;
    std::size_t queue_bytes = std::size_t{8} << 20; // of each stream
  };
  // Where the rest comes from; called by threads of streams.
  struct Sources {
    std::function<std::vector<Connection>(const PacketFilter&)>
        connections; // their courses may be left out
    std::function<std::map<std::pair<std::string, std::int32_t>, std::string>()>
        interface_names; // by sensor and number
    // Whether a call may be served, by its metadata `authorization` and its peer: 200, else 401 or
    // 429.
    std::function<unsigned(std::string_view authorization, const std::string& peer)> check;
  };

  static Result<std::unique_ptr<GrpcService>, Error> open(const Options& options, Sources sources);
  ~GrpcService() override;

  // On the ingest thread, from open() to stop().
  void on_batch(const BatchPointer& batch, codec::Topic topic) noexcept override;
  // Ends all streams at once.
  void stop();

  [[nodiscard]] int port() const noexcept;
  [[nodiscard]] std::size_t streams() const;

 private:
  class Server;
  explicit GrpcService(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

// What the service needs of the model and of who may ask; both outlive it.
GrpcService::Sources grpc_sources(Model& model, Access& access);

} // namespace xdpcap::web
