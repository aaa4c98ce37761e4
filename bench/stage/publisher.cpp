#include "publish/publisher.hpp"

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "codec/batch_view.hpp"
#include "codec/loss_counter.hpp"
#include "publish/encoder.hpp"
#include "stage/samples.hpp"

// Encoder, publisher thread, ZeroMQ and one subscriber that opens every batch and
// counts its records, in one process. PUB loses what a subscriber is too slow for,
// and the loss is counted; PUSH waits.
namespace xdpcap::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMessages = 500'000;
constexpr auto kSilence = 1000ms;

struct Received {
  std::uint64_t messages = 0;
  std::uint64_t batches_lost = 0;
};

// Reads until `expected` messages are there, or until the sender is done and
// nothing more comes: a machine with much to do may be silent for long in between.
class Subscriber {
 public:
  Subscriber(zmq::socket_type type, const std::string& endpoint) : socket_(context_, type) {
    socket_.set(zmq::sockopt::rcvhwm, 0);
    socket_.set(zmq::sockopt::linger, 0);
    if (type == zmq::socket_type::sub) socket_.set(zmq::sockopt::subscribe, "http");
    socket_.connect(endpoint);
    losses_.watch(codec::Topic::http);
  }
  Received read(std::uint64_t expected, const std::atomic<bool>& sender_is_done) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(kSilence.count()));
    Received received;
    zmq::message_t topic, payload;
    while (received.messages < expected) {
      const bool was_done = sender_is_done.load();
      if (!socket_.recv(topic) || !socket_.recv(payload)) {
        if (was_done) break;
        continue;
      }
      const schema::Batch* batch = reader_.open({payload.data<std::byte>(), payload.size()});
      if (batch == nullptr || batch->messages() == nullptr) continue;
      losses_.see(*batch);
      received.messages += batch->messages()->size();
    }
    received.batches_lost = losses_.lost();
    return received;
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  codec::BatchReader reader_;
  codec::LossCounter losses_;
};

void publish_to_one(benchmark::State& state, const std::string& endpoint, bool push) {
  const SampleMessage request{small_request(), 0}, response{response_head(370), 370};
  const publish::MessageContext context = sample_context();
  double messages = 0, lost = 0;
  for ([[maybe_unused]] auto _ : state) {
    publish::PublisherOptions options{.sensor = "bench",
                                      .epoch_ns = 1,
                                      .queue_batches = 8192,
                                      .queue_bytes_max = std::size_t{512} << 20};
    (push ? options.push : options.pub) = {endpoint};
    options.push_timeout.reset();
    auto publisher = publish::Publisher::open(std::move(options));
    if (!publisher) return state.SkipWithError(publisher.error().message.c_str());
    publish::BatchLane& lane = (*publisher)->add_lane({});
    publish::Encoder encoder{
        {.sensor = "bench", .epoch_ns = 1, .when_full = publish::WhenFull::wait}, lane};
    Subscriber subscriber{push ? zmq::socket_type::pull : zmq::socket_type::sub,
                          (*publisher)->endpoints().front()};
    (*publisher)->start();
    for (int i = 0; !push && i < 5000 && !(*publisher)->subscribed(); ++i)
      std::this_thread::sleep_for(1ms);

    Received received;
    std::atomic<bool> sender_is_done{false};
    const auto began = std::chrono::steady_clock::now();
    auto ended = began;
    std::jthread reader{[&] {
      received = subscriber.read(kMessages, sender_is_done);
      ended = std::chrono::steady_clock::now();
    }};
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      encoder.add((i % 2 == 0 ? request : response).message(), context);
      if (i % 32 == 31) encoder.flush(); // as at the end of a burst
    }
    encoder.close();
    sender_is_done = true;
    reader.join();
    if (received.messages < kMessages) ended -= kSilence; // for which it waited in vain
    state.SetIterationTime(std::chrono::duration<double>(ended - began).count());
    messages += static_cast<double>(received.messages);
    lost += static_cast<double>(received.batches_lost);
    (*publisher)->stop(0ms);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.counters["batches_lost"] = lost;
  state.counters["messages_lost"] = static_cast<double>(state.iterations()) * kMessages - messages;
}

std::string socket_path() {
  return "ipc:///tmp/xdpcap-bench-" + std::to_string(::getpid()) + "/pub.sock";
}
BENCHMARK_CAPTURE(publish_to_one, pub_ipc, socket_path(), false)->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(publish_to_one, pub_tcp, "tcp://127.0.0.1:*", false)
    ->UseManualTime()
    ->Iterations(3);
BENCHMARK_CAPTURE(publish_to_one, push_ipc, socket_path(), true)->UseManualTime()->Iterations(3);
BENCHMARK_CAPTURE(publish_to_one, push_tcp, "tcp://127.0.0.1:*", true)
    ->UseManualTime()
    ->Iterations(3);

} // namespace
} // namespace xdpcap::bench
