// wire-latency ENDPOINT: subscribes to what xdpcap-run publishes and compares its
// clock with the times in the messages: from the XDP program that saw the last
// frame of a message to the batch that was sent, and to this subscriber.
//
// Ends with the capture, and then prints nanoseconds as one JSON object. Both
// processes read the same clocks (the XDP program's CLOCK_MONOTONIC as UTC, see
// userspace/capture/utc_clock.hpp), so on one machine nothing has to be corrected.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <vector>
#include <zmq.hpp>

#include "codec/batch_view.hpp"
#include "codec/loss_counter.hpp"

namespace xdpcap::bench {
namespace {

constexpr int kQueueBatches = 100'000; // never the reason for a loss
constexpr std::size_t kSamples = std::size_t{1} << 24;

std::int64_t utc_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Samples of one delay.
class Delays {
 public:
  Delays() { samples_.reserve(kSamples); }

  void add(std::int64_t ns) {
    if (samples_.size() < kSamples) samples_.push_back(ns);
  }
  [[nodiscard]] std::string json() {
    std::string text;
    for (const auto& [name, part] :
         {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1.0}})
      text += fmt::format(R"({}"{}": {})", text.empty() ? "" : ", ", name, at(part));
    return "{" + text + "}";
  }

 private:
  [[nodiscard]] std::int64_t at(double part) {
    if (samples_.empty()) return 0;
    const auto rank = static_cast<std::ptrdiff_t>(part * static_cast<double>(samples_.size() - 1));
    std::nth_element(samples_.begin(), samples_.begin() + rank, samples_.end());
    return samples_[static_cast<std::size_t>(rank)];
  }

  std::vector<std::int64_t> samples_;
};

class Subscriber {
 public:
  explicit Subscriber(const char* endpoint) : socket_(context_, zmq::socket_type::sub) {
    losses_.watch(codec::Topic::http);
    socket_.set(zmq::sockopt::rcvhwm, kQueueBatches);
    socket_.set(zmq::sockopt::subscribe, codec::name_of(codec::Topic::http));
    socket_.set(zmq::sockopt::subscribe, codec::name_of(codec::Topic::stats));
    socket_.connect(endpoint);
  }

  // Until the capture says that it ends.
  void run() {
    zmq::message_t topic, payload;
    for (bool over = false; !over && socket_.recv(topic) && socket_.recv(payload);) {
      const std::int64_t now = utc_ns();
      const schema::Batch* batch = reader_.open({payload.data<std::byte>(), payload.size()});
      if (batch == nullptr) continue;
      losses_.see(*batch);
      if (batch->messages() != nullptr) take(*batch, now);
      if (batch->stats() == nullptr) continue;
      for (const schema::StatsRecord* record : *batch->stats()) over = over || record->last();
    }
  }

  void print() {
    fmt::print(R"({{"messages": {}, "batches": {}, "batches_lost": {}, )"
               R"("to_batch": {}, "to_subscriber": {}}})"
               "\n",
               messages_, batches_, losses_.lost(), to_batch_.json(), to_subscriber_.json());
  }

 private:
  void take(const schema::Batch& batch, std::int64_t now) {
    ++batches_;
    messages_ += batch.messages()->size();
    const auto published = static_cast<std::int64_t>(batch.published_ns());
    for (const schema::HttpMessage* message : *batch.messages()) {
      const auto captured = static_cast<std::int64_t>(message->last_byte_ns());
      to_batch_.add(published - captured);
      to_subscriber_.add(now - captured);
    }
  }

  zmq::context_t context_;
  zmq::socket_t socket_;
  codec::BatchReader reader_;
  codec::LossCounter losses_;
  std::uint64_t messages_ = 0, batches_ = 0;
  Delays to_batch_, to_subscriber_;
};

} // namespace
} // namespace xdpcap::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "wire-latency ENDPOINT\n");
    return 1;
  }
  try {
    xdpcap::bench::Subscriber subscriber(argv[1]);
    subscriber.run();
    subscriber.print();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "wire-latency: {}\n", error.what());
    return 5;
  }
}
