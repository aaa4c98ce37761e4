#include "engine/host_thread.hpp"

#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "core/check.hpp"
#include "core/live_clock.hpp"

namespace xdpcap::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Under load the ring is emptied so often; a wake-up for each event would be dear.
constexpr milliseconds kModeration{10};
constexpr milliseconds kPollTimeout{50}; // what is reported late is at most so much later

} // namespace

HostThread::HostThread(HostThreadOptions options) : options_(std::move(options)) {
  thread_ = std::thread([this] {
    // Signals are for the main thread.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ::pthread_setname_np(::pthread_self(), "xdpcap-host");
    set_up();
    {
      const MutexLock lock(mutex_);
      phase_ = Phase::ready;
      changed_.notify_all();
      while (phase_ == Phase::ready) changed_.wait(mutex_);
    }
    if (encoder_ != nullptr) run();
  });
  const MutexLock lock(mutex_);
  while (phase_ == Phase::setting_up) changed_.wait(mutex_);
}

HostThread::~HostThread() {
  stop();
}

void HostThread::set_up() {
  watch_ = std::make_unique<host::HostWatch>(
      host::WatchOptions{.whole_host = options_.whole_host,
                         .sockets_max = options_.sockets_max,
                         .processes_max = options_.processes_max});
  notes_ = watch_->notes();
  std::vector<unsigned> kept;
  if (watch_->enters_namespaces()) kept.push_back(CAP_SYS_ADMIN);
  if (watch_->enters_namespaces() || watch_->reads_descriptors()) kept.push_back(CAP_SYS_PTRACE);
  if (watch_->reads_descriptors()) kept.push_back(CAP_DAC_READ_SEARCH);
  if (auto confined = sandbox::confine(options_.duties.host(std::move(kept))); !confined) {
    failure_ = std::move(confined).error();
  }
}

void HostThread::start(publish::Encoder& encoder, const publish::Publisher& publisher) {
  const MutexLock lock(mutex_);
  XDPCAP_CHECK(phase_ == Phase::ready && !failure_);
  encoder_ = &encoder;
  publisher_ = &publisher;
  phase_ = Phase::running;
  changed_.notify_all();
}

void HostThread::stop() {
  {
    const MutexLock lock(mutex_);
    phase_ = Phase::stopping;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool HostThread::is_wanted() const noexcept {
  return publisher_->wants(codec::Topic::socket);
}

void HostThread::publish(const host::Socket& socket) {
  sockets_published_.fetch_add(1, std::memory_order_relaxed);
  encoder_.load()->add(socket);
}

void HostThread::run() {
  const auto teller = [this](const host::Socket& socket) { publish(socket); };
  const auto nobody = [](const host::Socket&) {};
  auto next_round = steady_clock::now();
  while (phase_ != Phase::stopping) {
    const bool is_busy = watch_->poll(static_cast<int>(kPollTimeout.count()));
    if (is_wanted()) {
      watch_->publish_events(teller);
      if (const auto now = steady_clock::now(); now >= next_round) {
        publish_round();
        next_round = now + options_.period;
      }
      encoder_.load()->flush();
    } else {
      watch_->publish_events(nobody);
    }
    if (is_busy) std::this_thread::sleep_for(kModeration);
  }
  // A last dump may know of an end that no event reported; what events report meanwhile is better.
  if (is_wanted()) publish_round();
  while (watch_->poll(0)) {
  }
  if (is_wanted()) watch_->publish_all_events(teller);
  encoder_.load()->close();
}

void HostThread::publish_round() {
  watch_->look([this](const host::Socket& socket) { publish(socket); });
  auto interfaces = watch_->interfaces();
  if (!interfaces.ok()) return; // they change just now; the next round sees them
  for (record::InterfaceRecord& interface : *interfaces) {
    const auto found =
        std::find(options_.interfaces.begin(), options_.interfaces.end(), interface.name);
    if (found != options_.interfaces.end())
      interface.number = static_cast<std::int16_t>(found - options_.interfaces.begin());
    interface.at_ns = utc_ns(LiveClock::now());
    interface.network_namespace = watch_->own_namespace();
    encoder_.load()->add(interface);
  }
}

} // namespace xdpcap::engine
