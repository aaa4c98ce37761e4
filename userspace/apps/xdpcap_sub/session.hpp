#pragma once

#include <csignal>
#include <map>
#include <memory>
#include <optional>

#include "apps/xdpcap_sub/har.hpp"
#include "apps/xdpcap_sub/matcher.hpp"
#include "apps/xdpcap_sub/options.hpp"
#include "apps/xdpcap_sub/output.hpp"
#include "apps/xdpcap_sub/text_view.hpp"
#include "apps/xdpcap_sub/top.hpp"
#include "consume/receiver.hpp"

namespace xdpcap::sub {

using consume::Keep;
using consume::Received;
using consume::Receiver;

// What was shown (with -q: what would have been).
struct Totals {
  std::uint64_t requests = 0, responses = 0, others = 0;
  [[nodiscard]] std::uint64_t messages() const noexcept { return requests + responses; }
};

// One run of xdpcap-sub: receives, matches, filters, shows. One thread.
class Session {
 public:
  static Result<std::unique_ptr<Session>, Error> open(Options options);

  // Until `stop` is set, a limit is reached, or output fails.
  Result<void, Error> run(const volatile std::sig_atomic_t& stop);

 private:
  using Clock = Matcher::Clock;

  Session(Options options, std::unique_ptr<Receiver> receiver);
  [[nodiscard]] bool ended(Clock::time_point now) const;
  void on_received(const Received& received, Clock::time_point now);
  void show_messages(const schema::Batch& batch, Clock::time_point now);
  void show_records(const Received& received);
  void update_loss(const schema::Batch& batch);
  void show(const Exchange& exchange);
  void count(bool request);
  void redraw(Clock::time_point now);
  void explain_silence(Clock::time_point now);
  Result<void, Error> finish();

  Options options_;
  std::unique_ptr<Receiver> receiver_;
  Terminal terminal_;
  std::optional<Keys> keys_; // of --top on a terminal
  TextView text_;
  Matcher matcher_;
  Keep keep_;
  bool matching_ = false; // else messages are shown, or counted, as they come
  Top top_;
  std::optional<HarFile> har_;
  std::optional<Error> failure_;
  Output output_;
  Totals totals_;
  bool full_ = false;                            // -n is reached
  bool over_ = false;                            // the capture said it ends
  bool received_ = false;                        // anything at all
  bool quit_ = false;                            // the reader pressed q
  std::map<std::string, std::string> explained_; // by endpoint: what was said of it last
  Clock::time_point started_, drawn_, expired_, explained_at_;
};

} // namespace xdpcap::sub
