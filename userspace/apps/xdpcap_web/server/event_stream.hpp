#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "apps/xdpcap_web/server/client_stream.hpp"

namespace xdpcap::web {

// A piece of an event stream, shared by all who get it.
struct Chunk {
  std::shared_ptr<const std::string> text;
  std::uint64_t events = 0; // that count as lost when somebody does not get it
};

// One browser that follows (text/event-stream, HTML Living Standard, 9.2). What it is too slow for
// is dropped here and counted, and the loss is sent to it when it reads again; nobody else waits
// for it. The server's thread only.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  // Makes the event that reports a loss.
  using ReportLoss = std::function<std::string(std::uint64_t lost)>;

  EventStream(ClientStream stream, ReportLoss report_loss)
      : stream_(std::move(stream)), report_loss_(std::move(report_loss)) {}

  // Sends the head of the answer; from then on until closed() it takes chunks.
  void start(std::string head);
  void offer(const Chunk& chunk);
  // There was no room for a chunk with so many events.
  void lose(std::uint64_t events) noexcept { lost_ += events; }
  // What is queued still goes out, as far as it goes out at once.
  void end(const Chunk& last_words);
  [[nodiscard]] bool closed() const noexcept { return closed_; }

 private:
  static constexpr std::size_t kQueuedMax = std::size_t{1} << 20;

  void watch();
  void write_next();
  void write_rest(const std::shared_ptr<const std::string>& text, std::size_t written);
  void close();

  ClientStream stream_;
  ReportLoss report_loss_;
  std::deque<Chunk> queue_;
  std::size_t queued_ = 0;
  std::uint64_t lost_ = 0;
  bool writing_ = false, ending_ = false, closed_ = false;
  char byte_ = 0;
};

} // namespace xdpcap::web
