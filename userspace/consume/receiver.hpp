#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <zmq.hpp>

#include "codec/batch_view.hpp"
#include "codec/loss_counter.hpp"
#include "codec/topic.hpp"
#include "core/error.hpp"
#include "core/result.hpp"
#include "transport/curve.hpp"

namespace xdpcap::consume {

// Where from and what.
struct Sources {
  std::vector<std::string> connect, pull; // checked endpoints
  std::vector<codec::Topic> topics{codec::Topic::http};
  std::optional<transport::CurveClient> curve; // for TCP endpoints
  int queue_batches = 4096;                    // that may wait here
};

// What a command line says of its sources, made whole: without endpoints the local capture's; all
// of them checked; CURVE from the files of the keys, empty where not given.
Result<void, Error> configure(Sources& sources, const std::string& server_key,
                              const std::string& secret_key);

// A batch as it came in; borrowed until the next call of next().
struct Received {
  const schema::Batch* batch = nullptr;
  Bytes bytes; // of the batch
  codec::Topic topic = codec::Topic::http;
  std::uint64_t lost = 0; // batches found lost by it
};

// The subscriptions and pulls. Subscribes to `stats` as well, whose heartbeats find
// what was lost at the tail. What is pulled is never counted as lost: others may
// have got it.
class Receiver {
 public:
  static Result<std::unique_ptr<Receiver>, Error> open(const Sources& sources);

  // The next batch, or nothing within `timeout` (or when a signal came). Batches
  // that are no sound FlatBuffer, or no message of two parts, are skipped and counted.
  std::optional<Received> next(std::chrono::milliseconds timeout);

  [[nodiscard]] std::uint64_t lost() const noexcept { return losses_.lost(); }
  [[nodiscard]] std::uint64_t restarts() const noexcept { return losses_.restarts(); }
  [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }

 private:
  Receiver() = default;
  void add(const std::string& endpoint, bool pull, const Sources& sources);
  [[nodiscard]] bool receive_payload(zmq::socket_t& socket, const zmq::message_t& topic);

  zmq::context_t context_;
  std::deque<zmq::socket_t> sockets_;
  std::vector<zmq::pollitem_t> items_;
  std::size_t subscriptions_ = 0; // the first sockets; the others pull
  std::size_t turn_ = 0;          // the socket to ask first, for fairness
  zmq::message_t payload_;
  codec::BatchReader reader_;
  codec::LossCounter losses_;
  std::uint64_t damaged_ = 0;
};

} // namespace xdpcap::consume
