#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/xdpcap_web/options.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace boost::asio {
class io_context;
}

namespace xdpcap::web {

class Access;
class Api;
class Feeds;
class GrpcService;
class History;
class HttpServer;
class Ingest;
class Model;

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
  explicit Gateway(Options options);
  Result<void, Error> open_parts();

  Options options_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<boost::asio::io_context> context_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Feeds> feeds_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<GrpcService> grpc_;
};

} // namespace xdpcap::web
