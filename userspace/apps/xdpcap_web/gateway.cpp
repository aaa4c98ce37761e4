#include "apps/xdpcap_web/gateway.hpp"

#include <fmt/core.h>

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/grpc/grpc_service.hpp"
#include "apps/xdpcap_web/history/history.hpp"
#include "apps/xdpcap_web/map/rules.hpp"
#include "apps/xdpcap_web/server/access.hpp"
#include "apps/xdpcap_web/server/feeds.hpp"
#include "apps/xdpcap_web/server/http_server.hpp"
#include "apps/xdpcap_web/store/ingest.hpp"
#include "apps/xdpcap_web/store/model.hpp"

namespace xdpcap::web {

Gateway::Gateway(Options options)
    : options_(std::move(options)), context_(std::make_unique<boost::asio::io_context>(1)) {}

Result<std::unique_ptr<Gateway>, Error> Gateway::open(Options options) {
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(options)));
  if (auto opened = gateway->open_parts(); !opened) return std::move(opened).error();
  return gateway;
}

Result<void, Error> Gateway::open_parts() {
  Rules rules;
  if (!options_.rules_file.empty()) {
    auto read = Rules::load(options_.rules_file);
    if (!read) return std::move(read).error();
    rules = std::move(*read);
  }
  if (!options_.history_file.empty()) {
    auto opened = History::open(options_.history_file, options_.history_size);
    if (!opened) return std::move(opened).error();
    history_ = std::move(*opened);
  }
  constexpr std::uint64_t kMinuteNs = std::uint64_t{60} * 1'000'000'000;
  Model::Archive archive;
  if (history_ != nullptr)
    archive = [this](const Exchange& exchange, const Ends& ends) { history_->add(exchange, ends); };
  model_ = std::make_unique<Model>(
      Model::Limits{.age_ns = options_.minutes * kMinuteNs, .bytes = options_.memory},
      std::move(rules), archive);
  auto ingest = Ingest::open(options_.sources, *model_);
  if (!ingest) return std::move(ingest).error();
  ingest_ = std::move(*ingest);
  const Api::Parts parts{
      .model = *model_,
      .ingest = *ingest_,
      .history = history_.get(),
      .streams = [this] { return feeds_ == nullptr ? 0 : feeds_->streams(); },
      .memory_max = options_.memory,
      .wrong_tokens = [this] { return access_ == nullptr ? 0 : access_->wrong_tokens(); }};
  api_ = std::make_unique<Api>(parts);
  feeds_ = std::make_unique<Feeds>(parts, *context_);
  auto server = HttpServer::open(*context_,
                                 {.address = options_.address,
                                  .port = options_.port,
                                  .tls_certificate = options_.tls_certificate,
                                  .tls_key = options_.tls_key,
                                  .streams_max = options_.streams_max},
                                 *api_, *feeds_);
  if (!server) return std::move(server).error();
  server_ = std::move(*server);
  access_ = std::make_unique<Access>(Access::Options{.loopback = options_.loopback,
                                                     .tls = !options_.tls_certificate.empty(),
                                                     .port = server_->port(),
                                                     .token = options_.token,
                                                     .origins = options_.origins,
                                                     .hosts = options_.hosts});
  if (options_.grpc.empty()) return {};
  auto grpc = GrpcService::open({.address = options_.grpc,
                                 .tls_certificate = options_.tls_certificate,
                                 .tls_key = options_.tls_key},
                                grpc_sources(*model_, *access_));
  if (!grpc) return std::move(grpc).error();
  grpc_ = std::move(*grpc);
  return {};
}

Gateway::~Gateway() = default;

std::vector<std::string> Gateway::notes() const {
  std::vector<std::string> notes;
  for (const std::string& endpoint : options_.sources.connect)
    notes.push_back("subscribed to " + endpoint);
  if (history_ != nullptr) notes.push_back("history in " + options_.history_file);
  if (!options_.loopback && options_.tls_certificate.empty())
    notes.emplace_back("insecure: the token and what was captured go in clear text");
  if (grpc_ != nullptr)
    notes.push_back(fmt::format("gRPC on port {}, with the token as 'authorization: Bearer TOKEN'",
                                grpc_->port()));
  std::string url = server_->url();
  // The link is the only place where it stands: a token from a file is not printed.
  if (options_.token_file.empty()) {
    url += "?token=" + options_.token;
  } else {
    notes.push_back("the token is the first line of " + options_.token_file);
  }
  notes.push_back("listening on " + url);
  return notes;
}

namespace {

// Each browser is a descriptor, and the usual limit is 1024.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8192);
  ::setrlimit(RLIMIT_NOFILE, &limit); // what is refused costs browsers, and accept() waits then
}

} // namespace

void Gateway::run() {
  allow_many_descriptors();
  boost::asio::signal_set signals(*context_, SIGINT, SIGTERM);
  signals.async_wait([this, &signals](boost::system::error_code error, int) {
    if (error) return;
    server_->stop();
    // A second signal ends at once.
    signals.clear();
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    boost::asio::post(*context_, [this] { context_->stop(); });
  });
  if (grpc_ != nullptr) ingest_->add(grpc_.get());
  ingest_->start();
  server_->start(*access_);
  context_->run();
  if (grpc_ != nullptr) {
    ingest_->remove(grpc_.get());
    grpc_->stop();
  }
  ingest_->stop();
  model_->finish();
  if (history_ != nullptr) history_->stop();
}

} // namespace xdpcap::web
