// clients_publisher ENDPOINT [--lose] [--push]: publishes a short, fixed
// conversation to the first subscriber, a last heartbeat, and ends. Standard
// output: "lost N", the batches it left out on purpose.
#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "publish/encoder.hpp"
#include "publish/publisher.hpp"

namespace {

using namespace xdpcap;
using namespace xdpcap::publish;
using namespace std::chrono_literals;

constexpr std::int64_t kStart = 1'714'564'800'000'000'000; // 2024-05-01T12:00:00Z

http::Span span(std::string_view whole, std::string_view part) {
  return {static_cast<std::uint32_t>(part.data() - whole.data()),
          static_cast<std::uint32_t>(part.size())};
}

// One message of connection 7, from its head as text.
class Conversation {
 public:
  explicit Conversation(Encoder& encoder) : encoder_(encoder) {}

  void request(std::uint32_t index, std::string_view head, std::int64_t at_ms,
               std::string_view body = {}) {
    http::Message message = described(head, at_ms, body);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t first = line.find(' ');
    const std::size_t second = line.rfind(' ');
    message.method = span(head, line.substr(0, first));
    message.target = span(head, line.substr(first + 1, second - first - 1));
    message.index = index;
    encoder_.add(message, context());
  }
  void response(std::uint32_t index, std::uint16_t status, std::string_view head,
                std::int64_t at_ms, std::string_view body = {}) {
    http::Message message = described(head, at_ms, body);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    message.kind = http::Kind::response;
    message.direction = Direction::to_client;
    message.status = status;
    message.reason = span(head, line.substr(13));
    message.index = index;
    if (status < 200) message.anomalies.add(http::Anomaly::interim);
    encoder_.add(message, context());
  }
  static MessageContext context() { return {7, endpoint(1, 4000), endpoint(2, 80), 0}; }

 private:
  static record::Endpoint endpoint(unsigned char last, std::uint16_t port) {
    return {0, 0xffff'0a00'0000U | last, port, 4}; // 10.0.0.last
  }
  http::Message described(std::string_view head, std::int64_t at_ms, std::string_view body) {
    fields_.clear();
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
      const std::size_t colon = line.find(':');
      fields_.push_back({span(head, line.substr(0, colon)), span(head, line.substr(colon + 2))});
      at += line.size() + 2;
    }
    http::Message message;
    message.complete = true;
    message.head = as_bytes(head);
    message.fields = fields_;
    message.body = Pieces(as_bytes(body));
    message.body_length = body.size();
    message.framing = body.empty() ? http::Framing::none : http::Framing::content_length;
    message.first_byte = instant_from_ns(kStart + at_ms * 1'000'000);
    message.last_byte = message.first_byte;
    return message;
  }

  Encoder& encoder_;
  std::vector<http::FieldSpan> fields_;
};

void talk(Encoder& encoder) {
  Conversation talk(encoder);
  talk.request(0, "GET /cart?item=1&q=a%20b HTTP/1.1\r\nHost: shop.example\r\nCookie: secret\r\n",
               0);
  talk.response(0, 200, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", 20,
                "hello gr\xc3\xbc\xc3\x9f\n");
  encoder.close();
  talk.request(1, "POST /pay HTTP/1.1\r\nHost: shop.example:8080\r\nExpect: 100-continue\r\n", 100,
               "n=1");
  talk.response(1, 100, "HTTP/1.1 100 Continue\r\n", 110);
  talk.response(1, 503, "HTTP/1.1 503 Service Unavailable\r\n", 1600);
  talk.request(2, "GET /caf\xe9\x1b[31m HTTP/1.1\r\nHost: other.example\r\n", 1700);
  encoder.close();
  record::FlowRecord flow;
  flow.flow = 7;
  flow.event = schema::FlowEvent::closed;
  flow.close = schema::CloseReason::fin;
  flow.client = Conversation::context().client;
  flow.server = Conversation::context().server;
  encoder.add(flow);
  encoder.close();
}

// More batches than there are, while the publisher is held up: exactly so many are left out.
void lose(Encoder& encoder, std::atomic<bool>& hold, const std::atomic<bool>& held) {
  hold = true;
  while (!held) std::this_thread::sleep_for(1ms);
  Conversation talk(encoder);
  for (std::uint32_t i = 0; i < 40; ++i) {
    talk.request(100 + i, "GET /flood HTTP/1.1\r\nHost: shop.example\r\n", 3000 + i);
    encoder.close();
  }
  hold = false;
}

int run(const std::string& endpoint, bool loses, bool push) {
  std::atomic<bool> hold{false}, held{false};
  PublisherOptions options;
  options.sensor = "lab";
  options.epoch_ns = 1;
  (push ? options.push : options.pub) = {endpoint};
  options.push_timeout = std::nullopt;
  options.heartbeat = 20ms;
  options.fill_stats = [&](StatsBuilder& stats) {
    stats.add("frames_received", 12);
    while (hold) {
      held = true;
      std::this_thread::sleep_for(1ms);
    }
  };
  auto opened = Publisher::open(std::move(options));
  if (!opened) {
    fmt::print(stderr, "{}\n", opened.error().message);
    return 1;
  }
  Publisher& publisher = **opened;
  Encoder encoder(
      {.sensor = "lab", .epoch_ns = 1},
      publisher.add_lane(
          {.normal_batches = 8, .normal_bytes = 8192, .large_batches = 0, .large_bytes = 0}));
  publisher.start();
  for (int waited = 0; !push && !publisher.subscribed(); ++waited) {
    if (waited > 30'000) return 2;
    std::this_thread::sleep_for(1ms);
  }
  std::this_thread::sleep_for(200ms); // a subscriber's topics come one by one
  talk(encoder);
  if (loses) lose(encoder, hold, held);
  encoder.close();
  publisher.stop(5000ms);
  fmt::print("lost {}\n", encoder.counters().get(EncoderCount::batches_dropped));
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  bool loses = false;
  bool push = false;
  for (int i = 2; i < argc; ++i) {
    loses = loses || std::strcmp(argv[i], "--lose") == 0;
    push = push || std::strcmp(argv[i], "--push") == 0;
  }
  return argc < 2 ? 1 : run(argv[1], loses, push);
}
