#include "apps/xdpcap_sub/session.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <utility>

#include "apps/xdpcap_sub/exchange_json.hpp"
#include "consume/silence.hpp"

namespace xdpcap::sub {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kTimeout{100};

template <class Records>
std::size_t count_of(const Records* records) {
  return records == nullptr ? 0 : records->size();
}

std::size_t records_in(const schema::Batch& batch) {
  return count_of(batch.flows()) + count_of(batch.segments()) + count_of(batch.datagrams()) +
         count_of(batch.sockets()) + count_of(batch.interfaces()) + count_of(batch.stats());
}

// Tells capture processes apart: flow ids are unique within one.
std::uint64_t source_of(const schema::Batch& batch) {
  return batch.epoch() ^ std::hash<std::string_view>{}(codec::text_of(batch.sensor()));
}

} // namespace

Result<std::unique_ptr<Session>, Error> Session::open(Options options) {
  auto receiver = Receiver::open(options.sources);
  if (!receiver) return std::move(receiver).error();
  std::unique_ptr<Session> session(new Session(std::move(options), std::move(receiver).value()));
  const Options& wanted = session->options_;
  if (!wanted.har_file.empty()) {
    auto har = HarFile::create(wanted.har_file, wanted.body.value_or(codec::BodyFormat::text));
    if (!har) return std::move(har).error();
    session->har_ = std::move(har).value();
  }
  return session;
}

Session::Session(Options options, std::unique_ptr<Receiver> receiver)
    : options_(std::move(options)),
      receiver_(std::move(receiver)),
      terminal_(Terminal::of_stdout()),
      text_(terminal_, options_.body.value_or(codec::BodyFormat::none)),
      matcher_([this](Exchange&& exchange) { show(exchange); }),
      started_(Clock::now()),
      drawn_(started_),
      expired_(started_) {
  const bool shows_text = !options_.quiet && !options_.json && !options_.top;
  matching_ = !options_.quiet || !options_.har_file.empty() || !options_.filter.empty();
  keep_.json_line = options_.json && !options_.quiet;
  keep_.json.body = options_.body.value_or(codec::BodyFormat::none);
  keep_.contents =
      !options_.har_file.empty() || (shows_text && keep_.json.body != codec::BodyFormat::none);
  if (options_.top && !options_.quiet && terminal_.is_terminal) keys_.emplace();
  if (shows_text && terminal_.is_terminal && options_.sources.topics.front() == codec::Topic::http)
    text_.add_heading(output_.text());
}

Result<void, Error> Session::run(const volatile std::sig_atomic_t& stop) {
  output_.flush();
  for (Clock::time_point now = Clock::now(); stop == 0 && !ended(now); now = Clock::now()) {
    // While more is there, output gathers; nothing is held back when it is quiet.
    auto received = receiver_->next(milliseconds{0});
    if (!received) {
      if (!output_.flush()) break;
      received = receiver_->next(kTimeout);
      now = Clock::now();
    }
    terminal_.measure();
    text_.resize(terminal_);
    if (received) on_received(*received, now);
    if (now - expired_ >= kTimeout) {
      matcher_.expire(now);
      expired_ = now;
    }
    redraw(now);
    explain_silence(now);
    if (output_.full()) output_.flush();
  }
  return finish();
}

bool Session::ended(Clock::time_point now) const {
  return full_ || quit_ || failure_ || output_.failure() != 0 || (over_ && options_.until_end) ||
         (options_.timeout && now - started_ >= *options_.timeout);
}

void Session::on_received(const Received& received, Clock::time_point now) {
  received_ = true;
  if (received.lost != 0 && !options_.quiet) {
    output_.flush(); // so that it stands where it happened
    fmt::print(stderr, "xdpcap-sub: {} batches lost ({} in all)\n", received.lost,
               receiver_->lost());
  }
  if (received.topic == codec::Topic::http) {
    show_messages(*received.batch, now);
    return;
  }
  show_records(received);
  if (received.topic == codec::Topic::stats) update_loss(*received.batch);
}

void Session::show_messages(const schema::Batch& batch, Clock::time_point now) {
  const std::uint64_t source = source_of(batch);
  const std::string_view sensor = codec::text_of(batch.sensor());
  for (const schema::HttpMessage* message : *batch.messages()) {
    if (full_) return;
    if (matching_) {
      Seen seen = see(*message, source, keep_);
      seen.sensor = sensor;
      matcher_.add(std::move(seen), now);
      continue;
    }
    count(message->kind() == schema::Kind::request);
  }
}

void Session::show_records(const Received& received) {
  if (std::find(options_.sources.topics.begin(), options_.sources.topics.end(), received.topic) ==
      options_.sources.topics.end())
    return;
  const schema::Batch& batch = *received.batch;
  totals_.others += records_in(batch);
  if (options_.quiet || options_.top) return;
  if (options_.json) {
    codec::append_json(output_.text(), batch, keep_.json);
  } else {
    text_.add(output_.text(), batch);
  }
  full_ = full_ ||
          (options_.count_max != 0 && totals_.messages() + totals_.others >= options_.count_max);
}

void Session::update_loss(const schema::Batch& batch) {
  for (const schema::StatsRecord* record : *batch.stats()) {
    if (!record->last()) continue;
    over_ = true;
    if (!options_.quiet) {
      output_.flush();
      fmt::print(stderr, "xdpcap-sub: the capture '{}' ended\n",
                 printable(codec::text_of(batch.sensor()), 100));
    }
  }
}

void Session::show(const Exchange& exchange) {
  if (full_ || !options_.filter.matches(exchange.facts())) return;
  const bool with_request = exchange.request && !exchange.interim();
  if (with_request) count(true);
  if (exchange.response) count(false);
  if (har_ && !failure_) {
    if (auto added = har_->add(exchange); !added) failure_ = std::move(added).error();
  }
  if (options_.quiet) return;
  if (options_.top) {
    top_.add(exchange);
  } else if (options_.json) {
    append_json(output_.text(), exchange);
  } else {
    text_.add(output_.text(), exchange);
  }
}

void Session::count(bool request) {
  ++(request ? totals_.requests : totals_.responses);
  full_ = full_ ||
          (options_.count_max != 0 && totals_.messages() + totals_.others >= options_.count_max);
}

// What was there is written over, line by line: a screen that is cleared first flickers.
void Session::redraw(Clock::time_point now) {
  if (!keys_) return;
  quit_ = quit_ || keys_->pressed('q');
  if (now - drawn_ < seconds(1)) return;
  drawn_ = now;
  constexpr std::size_t kOthers = 3; // lines: the figures, an empty one, and the cursor's
  std::string text = printable(
      fmt::format("{} messages, {} batches lost; q ends", totals_.messages(), receiver_->lost()),
      terminal_.columns);
  text += "\n\n" + top_.table(terminal_, std::max(terminal_.rows, kOthers + 3) - kOthers);
  output_.text() = "\x1b[H";
  for (const char c : text) output_.text() += c == '\n' ? "\x1b[K\n" : std::string(1, c);
  output_.text() += "\x1b[J";
  output_.flush();
}

// A capture says something each second. Silence has a reason, and the reader should not have to
// guess it: it is said once, and again when it is another one.
void Session::explain_silence(Clock::time_point now) {
  if (received_ || now - std::max(started_, explained_at_) < seconds(1)) return;
  explained_at_ = now;
  for (const std::string& endpoint : options_.sources.connect) {
    std::string why = consume::explain_silence(endpoint);
    std::string& explained = explained_[endpoint];
    if (why == explained) continue;
    if (!why.empty()) fmt::print(stderr, "xdpcap-sub: nothing yet from {}\n", why);
    explained = std::move(why);
  }
}

Result<void, Error> Session::finish() {
  matcher_.finish();
  if (keys_) {
    keys_.reset();
    output_.text() +=
        "\x1b[H\x1b[J" + top_.table(terminal_, std::max<std::size_t>(terminal_.rows, 6) - 2);
  } else if (options_.top && !options_.quiet) {
    output_.text() += top_.table(terminal_, 0);
  }
  std::string totals =
      fmt::format("{} messages ({} requests, {} responses), {} batches lost", totals_.messages(),
                  totals_.requests, totals_.responses, receiver_->lost());
  if (totals_.others != 0) totals += fmt::format(", {} other records", totals_.others);
  if (receiver_->damaged() != 0)
    totals += fmt::format(", {} damaged batches", receiver_->damaged());
  if (receiver_->restarts() != 0)
    totals += fmt::format(", {} restarts of the capture", receiver_->restarts());
  if (options_.quiet) output_.text() += totals + '\n';
  output_.flush();
  if (!options_.quiet) fmt::print(stderr, "{}\n", totals);
  if (har_) {
    if (auto closed = har_->finish(); !closed && !failure_) failure_ = std::move(closed).error();
  }
  if (failure_) return *failure_;
  // Whoever closed the pipe has seen enough: `xdpcap-sub | head` is no failure.
  if (output_.failure() != 0 && output_.failure() != EPIPE) {
    return Error{ExitCode::output, fmt::format("cannot write to standard output: {}",
                                               std::strerror(output_.failure()))};
  }
  return {};
}

} // namespace xdpcap::sub
