#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <memory>
#include <vector>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/api/feeds.hpp"
#include "apps/xdpcap_web/grpc/grpc_service.hpp"
#include "apps/xdpcap_web/history/history.hpp"
#include "apps/xdpcap_web/options.hpp"
#include "apps/xdpcap_web/server/access.hpp"
#include "apps/xdpcap_web/server/http_server.hpp"
#include "apps/xdpcap_web/store/ingest.hpp"
#include "apps/xdpcap_web/store/model.hpp"

namespace xdpcap::web {

// One run of xdpcap-web. Threads: this one serves, three answer calls of the API, one composes what
// streams follow, one receives, one writes the history; gRPC has its own.
class Gateway {
 public:
  static Result<std::unique_ptr<Gateway>, Error> open(Options options);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // What a person should know, in sentences.
  [[nodiscard]] std::vector<std::string> notes() const;
  // Until SIGINT or SIGTERM.
  void run();

 private:
  explicit Gateway(Options options) : options_(std::move(options)) {}
  Result<void, Error> open_parts();

  Options options_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Ingest> ingest_;
  boost::asio::io_context context_{1};
  std::unique_ptr<Access> access_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Feeds> feeds_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<GrpcService> grpc_;
};

} // namespace xdpcap::web
