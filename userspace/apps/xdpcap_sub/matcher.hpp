#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <list>
#include <map>

#include "consume/seen.hpp"

namespace xdpcap::sub {

using consume::Exchange;
using consume::Seen;

// Joins responses to their requests: response n of a connection answers request n.
// Either may come first, for a server may answer while the client still sends. What
// finds no partner in time is handed on alone, so nothing waits for ever and
// nothing is kept without bound. An interim response (100 Continue) waits for its request,
// which is over only after it.
class Matcher {
 public:
  using Clock = std::chrono::steady_clock;
  using Sink = std::function<void(Exchange&&)>;

  struct Limits {
    Clock::duration response_timeout = std::chrono::seconds(10); // a request, for its response
    Clock::duration request_timeout = std::chrono::seconds(1);   // a response, for its request
    std::size_t waiting_max = 65'536;
    std::size_t interim_max = 256;
    std::size_t bytes_max = std::size_t{128} << 20;
  };

  explicit Matcher(Sink sink) : Matcher(std::move(sink), Limits()) {}
  Matcher(Sink sink, Limits limits) : sink_(std::move(sink)), limits_(limits) {}

  void add(Seen message, Clock::time_point now);
  // Hands on what has waited long enough.
  void expire(Clock::time_point now);
  // Hands on everything, oldest first.
  void finish();

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size() + interim_.size(); }

 private:
  struct Key {
    std::uint64_t source = 0, flow = 0;
    std::uint32_t index = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Waiting {
    Seen message;
    Clock::time_point since;
    std::size_t bytes = 0;
  };
  using Place = std::list<Waiting>::iterator;

  static Key key_of(const Seen& message) noexcept {
    return {message.source, message.flow, message.index};
  }
  void wait(Seen message, Clock::time_point now);
  void add_interim(Seen message, Clock::time_point now);
  // Of a request that has come: the interim responses that came before it.
  void hand_on_interim(const Seen& request);
  Seen remove(Place place);
  void hand_on_alone(Seen message);

  Sink sink_;
  Limits limits_;
  std::list<Waiting> waiting_; // oldest first
  std::map<Key, Place> by_key_;
  std::list<Waiting> interim_; // oldest first
  std::size_t bytes_ = 0;
};

} // namespace xdpcap::sub
