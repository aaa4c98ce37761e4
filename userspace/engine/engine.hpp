#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "capture/file/memory_source.hpp"
#include "capture/file/pcap_source.hpp"
#include "capture/live_capture.hpp"
#include "core/error.hpp"
#include "core/mutex.hpp"
#include "core/result.hpp"
#include "core/thread_checker.hpp"
#include "engine/config.hpp"
#include "engine/frame_log.hpp"
#include "engine/hand_over.hpp"
#include "engine/host_thread.hpp"
#include "engine/ledger.hpp"
#include "engine/memory_plan.hpp"
#include "engine/pipeline.hpp"
#include "engine/privileges.hpp"
#include "engine/queue_worker.hpp"
#include "engine/symmetry.hpp"
#include "publish/publisher.hpp"

namespace xdpcap::engine {

// A run from frames to records: the only place where the stages meet. In this
// order, all on one thread:
//   open()      everything is reserved, attached and bound; privileges are given up
//   start()     the threads run
//   tick()      now and then, while running()
//   finish()    frames still under way are taken, all is undone, the account is made
class Engine {
 public:
  static Result<std::unique_ptr<Engine>, Error> open(Config config);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // What was chosen, in sentences.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }

  void start();
  // False once the source is at its end, an output failed for good, every
  // interface is gone, or a count was reached.
  [[nodiscard]] bool running() const noexcept;
  // Looks after interfaces and losses; answers what a person should know. `at_end`: before
  // finish(), for what came since.
  std::vector<std::string> tick(bool at_end = false);

  // Before finish(), where somebody waits for the end: an output that nobody reads is given up
  // then.
  void hurry() noexcept;

  // A snapshot, any time, any thread. Figures of interfaces are those of the last tick().
  [[nodiscard]] Ledger ledger() const;
  Ledger finish();
  // From start() until the last worker ended, or until now.
  [[nodiscard]] std::chrono::nanoseconds worked() const noexcept;

  // Why the run did not end well, once finished: an input that broke off, an
  // output that failed, interfaces that vanished.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

 private:
  struct Worker {
    std::unique_ptr<publish::Encoder> encoder;
    std::unique_ptr<Pipeline> pipeline;
    std::function<void()> run;   // until the source ends; on the worker's thread
    std::function<void()> drain; // afterwards, on any one thread
    std::thread thread;
    std::chrono::steady_clock::time_point ended_at; // once `ended`
    std::atomic<bool> ended{false};
  };

  explicit Engine(Config config) : config_(std::move(config)) {}

  Result<void, Error> open_source() XDPCAP_REQUIRES(main_);
  Result<void, Error> open_log() XDPCAP_REQUIRES(main_);
  Result<void, Error> open_host();
  Result<void, Error> plan_privileges();
  Result<void, Error> open_outputs() XDPCAP_REQUIRES(main_);
  Result<void, Error> drop_privileges();
  void make_workers() XDPCAP_REQUIRES(main_);
  void make_host_encoder();
  template <class Source>
  void add_worker(std::size_t number, Source& source) XDPCAP_REQUIRES(main_);
  [[nodiscard]] bool watches_host() const noexcept;
  [[nodiscard]] codec::TopicSet topics() const; // that have records when there is something to say
  [[nodiscard]] wire::ChecksumMode checksum_mode() const XDPCAP_REQUIRES(main_);
  void plan_hand_over(std::size_t workers) XDPCAP_REQUIRES(main_);
  void update_interfaces(capture::LiveLedger seen);
  void update_losses(const capture::LiveLedger& live);
  void fill_stats(publish::StatsBuilder& stats) const;
  [[nodiscard]] std::vector<const Pipeline*> pipelines() const;
  void fail(Error error);

  Config config_;
  MemoryPlan plan_;
  Duties duties_;
  transport::Owner owner_; // of the endpoints
  std::uint64_t epoch_ns_ = 0;
  tcp::HashSeed hash_seed_;
  std::vector<std::string> notes_;
  std::optional<capture::PcapSource> file_;
  std::optional<capture::MemorySource> memory_;
  ThreadChecker main_;
  std::optional<capture::LiveCapture> live_ XDPCAP_GUARDED_BY(main_);
  // What of live_ others may see: as of the last tick(), at last of its end.
  mutable Mutex interfaces_mutex_;
  std::optional<capture::LiveLedger> interfaces_ XDPCAP_GUARDED_BY(interfaces_mutex_);
  std::unique_ptr<FrameLogWriter> log_;
  std::unique_ptr<publish::Publisher> publisher_;
  std::unique_ptr<HandOver> hand_over_;
  std::unique_ptr<Symmetry> symmetry_;
  std::unique_ptr<publish::Encoder> host_encoder_;
  std::unique_ptr<HostThread> host_; // after what it uses
  Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::chrono::steady_clock::time_point started_at_;
  std::uint64_t losses_seen_ = 0;
  bool reported_split_ = false;
  bool reported_log_ = false;
  bool reported_endpoint_ = false;
  bool finished_ = false;
  std::optional<Error> failure_;
};

} // namespace xdpcap::engine
