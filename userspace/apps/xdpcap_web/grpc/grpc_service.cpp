#include "apps/xdpcap_web/grpc/grpc_service.hpp"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>

#include "apps/xdpcap_web/api/parameters.hpp"
#include "apps/xdpcap_web/grpc/grpc_events.hpp"
#include "apps/xdpcap_web/host/name_lookup.hpp"
#include "codec/batch_view.hpp"
#include "codec/json_text.hpp"
#include "core/mutex.hpp"
#include "core/utf8.hpp"
#include "tcp_monitor.grpc.pb.h"

namespace xdpcap::web {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What waits for one client: filled on the ingest thread, emptied by the stream's.
class Waiting {
 public:
  explicit Waiting(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(const BatchPointer& batch) {
    const MutexLock lock{mutex_};
    if (bytes_ + batch->memory() > bytes_max_ && !batches_.empty()) {
      lost_ += codec::packets_in(**batch);
      return;
    }
    bytes_ += batch->memory();
    batches_.push_back(batch);
    wake_.notify_one();
  }
  void end() {
    const MutexLock lock{mutex_};
    ended_ = true;
    wake_.notify_one();
  }

  struct Popped {
    BatchPointer batch; // null: none came
    std::uint64_t lost = 0;
    bool ended = false;
  };
  Popped pop(SteadyClock::time_point until) {
    const MutexLock lock{mutex_};
    while (!ended_ && lost_ == 0 && batches_.empty() && wake_.wait_until(mutex_, until)) {
    }
    Popped popped{.lost = std::exchange(lost_, 0), .ended = ended_};
    if (batches_.empty()) return popped;
    popped.batch = std::move(batches_.front());
    batches_.pop_front();
    bytes_ -= popped.batch->memory();
    return popped;
  }

 private:
  const std::size_t bytes_max_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<BatchPointer> batches_ XDPCAP_GUARDED_BY(mutex_);
  std::size_t bytes_ XDPCAP_GUARDED_BY(mutex_) = 0;
  std::uint64_t lost_ XDPCAP_GUARDED_BY(mutex_) = 0;
  bool ended_ XDPCAP_GUARDED_BY(mutex_) = false;
};

// One client: what it asked for, and what it has got.
class Stream {
 public:
  Stream(const v1::MonitorRequest& request, PacketFilter filter,
         const GrpcService::Sources& sources, grpc::ServerContext& context,
         grpc::ServerWriter<v1::TcpEvent>& writer)
      : filter_(std::move(filter)),
        sources_(sources),
        context_(context),
        writer_(writer),
        packets_(request.packets()),
        statistics_(request.statistics()),
        period_(request.statistics_period_ms() == 0 ? 1000 : request.statistics_period_ms()) {}

  // Until the client has left, or nothing more is to come.
  void run(Waiting& waiting) {
    // How long a client that left is served, at most.
    constexpr std::chrono::milliseconds kLook{50};
    bool going = true;
    for (auto next = SteadyClock::now(); going && !context_.IsCancelled();) {
      const auto now = SteadyClock::now();
      if (now >= next) {
        next = std::max(next + period_, now);
        if (packets_) names_ = sources_.interface_names();
        if (statistics_) going = send_statistics();
      }
      const Waiting::Popped popped = waiting.pop(std::min(next, now + kLook));
      if (popped.lost != 0) going = going && send_loss(popped.lost);
      if (popped.batch != nullptr) going = going && send_packets(*popped.batch);
      going = going && !popped.ended;
    }
  }

 private:
  bool send_loss(std::uint64_t packets) {
    v1::TcpEvent event;
    event.mutable_lost()->set_packets(packets);
    return writer_.Write(event);
  }

  bool send_packets(const KeptBatch& batch) {
    return send(batch, batch->segments()) && send(batch, batch->datagrams());
  }

  template <class Records>
  bool send(const KeptBatch& batch, const Records* records) {
    if (records == nullptr) return true;
    const std::string_view sensor = codec::text_of(batch->sensor());
    const std::uint64_t source = web::source_of(sensor, batch->epoch());
    for (const auto* record : *records) {
      const auto name = names_.find({std::string(sensor), record->interface()});
      const std::string_view interface = name == names_.end() ? std::string_view{} : name->second;
      if (!filter_.matches(*record, interface)) continue;
      v1::TcpEvent event;
      v1::Packet& packet = *event.mutable_packet();
      fill(packet, *record, source);
      if (is_utf8(sensor)) packet.set_sensor(std::string(sensor));
      packet.set_interface(std::string(interface));
      if (!writer_.Write(event)) return false;
    }
    return true;
  }

  // Those that are new or have changed since they were sent: also when the kernel's news of one
  // came late.
  bool send_statistics() {
    std::unordered_map<ConnectionId, std::uint64_t, IdHash> sent;
    for (const Connection& connection : sources_.connections(filter_)) {
      sent.emplace(connection.id, connection.revision);
      const auto before = sent_.find(connection.id);
      if (before != sent_.end() && before->second == connection.revision) continue;
      v1::TcpEvent event;
      fill(*event.mutable_connection(), connection);
      if (!writer_.Write(event)) return false;
    }
    sent_ = std::move(sent);
    return true;
  }

  PacketFilter filter_;
  const GrpcService::Sources& sources_;
  grpc::ServerContext& context_;
  grpc::ServerWriter<v1::TcpEvent>& writer_;
  bool packets_, statistics_;
  std::chrono::milliseconds period_;
  std::map<std::pair<std::string, std::int32_t>, std::string> names_;
  std::unordered_map<ConnectionId, std::uint64_t, IdHash> sent_; // revisions
};

std::optional<std::string> text_of_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// TLS where there is a certificate; null where its files cannot be read.
std::shared_ptr<grpc::ServerCredentials> credentials_of(const GrpcService::Options& options) {
  if (options.tls_certificate.empty()) return grpc::InsecureServerCredentials();
  const auto certificate = text_of_file(options.tls_certificate),
             key = text_of_file(options.tls_key);
  if (!certificate || !key) return nullptr;
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs = {{*key, *certificate}};
  return grpc::SslServerCredentials(tls);
}

// "ipv4:127.0.0.1:4711" without its port, which is another one at each connection.
std::string address_of_peer(const std::string& peer) {
  return peer.substr(0, peer.rfind(':'));
}

} // namespace

class GrpcService::Server : public v1::TcpMonitor::Service {
 public:
  Server(Options options, Sources sources)
      : options_(std::move(options)), sources_(std::move(sources)) {}

  bool start() {
    // The library prints lines of its own for what we say in a sentence.
    ::gpr_set_log_function([](gpr_log_func_args* /*line*/) {});
    grpc::ServerBuilder builder;
    // Another server on the same port would take clients away.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    const auto credentials = credentials_of(options_);
    if (credentials == nullptr) return false;
    builder.AddListeningPort(options_.address, credentials, &port_);
    builder.SetMaxReceiveMessageSize(64 * 1024);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    return server_ != nullptr && port_ != 0;
  }

  grpc::Status StreamTraffic(grpc::ServerContext* context, const v1::MonitorRequest* request,
                             grpc::ServerWriter<v1::TcpEvent>* writer) override {
    const auto wrong = [](const std::string& what) {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, what);
    };
    if (auto refused = refuse(*context)) return *refused;
    constexpr std::uint32_t kPeriodMin = 100, kPeriodMax = 3'600'000;
    const std::uint32_t period = request->statistics_period_ms();
    if (!request->packets() && !request->statistics())
      return wrong("packets, statistics: nothing is asked for; set one of them");
    if (period != 0 && (period < kPeriodMin || period > kPeriodMax))
      return wrong(fmt::format("statistics_period_ms: write {} to {}, or 0 for 1000", kPeriodMin,
                               kPeriodMax));
    auto filter = look_up_filter(*request);
    if (!filter) return wrong(filter.error().parameter + ": " + filter.error().message);
    Waiting waiting(options_.queue_bytes);
    if (!enter(waiting, request->packets()))
      return {grpc::StatusCode::RESOURCE_EXHAUSTED,
              fmt::format("{} streams are open already, and more are not served",
                          options_.streams_max)};
    Stream(*request, std::move(*filter), sources_, *context, *writer).run(waiting);
    leave(waiting);
    return grpc::Status::OK;
  }

  void on_batch(const BatchPointer& batch) {
    const MutexLock lock{mutex_};
    for (const auto& [waiting, packets] : streams_) {
      if (packets) waiting->add(batch);
    }
  }

  void stop() {
    {
      const MutexLock lock{mutex_};
      stopped_ = true;
      for (const auto& [waiting, packets] : streams_) waiting->end();
    }
    names_.close();
    // Cancels what hangs in a client that reads no more.
    constexpr std::chrono::milliseconds kGrace{500};
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + kGrace);
  }

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::size_t streams() const {
    const MutexLock lock{mutex_};
    return streams_.size();
  }

 private:
  // The token, as metadata of the call.
  std::optional<grpc::Status> refuse(const grpc::ServerContext& context) const {
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find("authorization");
    const std::string_view authorization =
        found == metadata.end() ? std::string_view{}
                                : std::string_view(found->second.data(), found->second.size());
    const unsigned status =
        sources_.check ? sources_.check(authorization, address_of_peer(context.peer())) : 401U;
    if (status == 200) return std::nullopt;
    if (status == 429)
      return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                          "too many wrong tokens came from this address");
    return grpc::Status(
        grpc::StatusCode::UNAUTHENTICATED,
        "a token is wanted: send the metadata 'authorization: Bearer TOKEN' with the one that "
        "xdpcap-web printed, or has from --token-file");
  }

  // This thread waits for names, as it may: it is this call's own. But not for long.
  Result<PacketFilter, ApiError> look_up_filter(const v1::MonitorRequest& request) {
    constexpr std::chrono::seconds kTimeout{5};
    std::vector<std::string> names = names_of(request);
    HostAddresses looked_up;
    if (!names.empty()) {
      auto found = std::make_shared<std::promise<HostAddresses>>();
      auto answer = found->get_future();
      if (!names_.start(std::move(names),
                        [found](HostAddresses all) { found->set_value(std::move(all)); }) ||
          answer.wait_for(kTimeout) != std::future_status::ready)
        return bad("address", "the name could not be looked up in time; write an address");
      looked_up = answer.get();
    }
    auto filter = filter_of(request, looked_up);
    if (!filter || filter->interface.empty()) return filter;
    std::vector<std::string> captured;
    for (const auto& [key, name] : sources_.interface_names()) {
      if (name == filter->interface || std::to_string(key.second) == filter->interface)
        return filter;
      captured.push_back(name);
    }
    return bad("interface",
               fmt::format("no capture listens on '{}'; these are captured: {}", filter->interface,
                           captured.empty() ? "none that is known"
                                            : fmt::to_string(fmt::join(captured, ", "))));
  }

  bool enter(Waiting& waiting, bool packets) {
    const MutexLock lock{mutex_};
    if (stopped_ || streams_.size() >= options_.streams_max) return false;
    streams_.emplace(&waiting, packets);
    return true;
  }
  void leave(Waiting& waiting) {
    const MutexLock lock{mutex_};
    streams_.erase(&waiting);
  }

  Options options_;
  Sources sources_;
  int port_ = 0;
  mutable Mutex mutex_;
  // And whether they want packets.
  std::map<Waiting*, bool> streams_ XDPCAP_GUARDED_BY(mutex_);
  bool stopped_ XDPCAP_GUARDED_BY(mutex_) = false;
  NameLookup names_;
  std::unique_ptr<grpc::Server> server_;
};

Result<std::unique_ptr<GrpcService>, Error> GrpcService::open(const Options& options,
                                                              Sources sources) {
  auto server = std::make_unique<Server>(options, std::move(sources));
  if (!server->start())
    return Error{ExitCode::environment,
                 fmt::format("--grpc {}: it cannot be listened on; is the port taken, the address "
                             "not of this host, or the "
                             "certificate not readable?",
                             options.address)};
  return std::unique_ptr<GrpcService>(new GrpcService(std::move(server)));
}

GrpcService::GrpcService(std::unique_ptr<Server> server) : server_(std::move(server)) {}

GrpcService::~GrpcService() {
  stop();
}

void GrpcService::on_batch(const BatchPointer& batch, codec::Topic topic) noexcept {
  if (topic == codec::Topic::tcp || topic == codec::Topic::udp) server_->on_batch(batch);
}

void GrpcService::stop() {
  server_->stop();
}

int GrpcService::port() const noexcept {
  return server_->port();
}

std::size_t GrpcService::streams() const {
  return server_->streams();
}

} // namespace xdpcap::web
