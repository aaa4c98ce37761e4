#include "apps/xdpcap_web/server/http_server.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/owned_fd.hpp"
#include "make.hpp"

namespace xdpcap::web {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kToken(32, 'a');

// The served gateway on a port of its own, and clients of it. No capture is there: the model is
// filled by hand.
class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override { start({.address = "127.0.0.1", .port = 0}); }
  void TearDown() override { stop(); }

  void start(HttpServer::Options options) {
    auto opened = HttpServer::open(context_, std::move(options), api_, feeds_);
    ASSERT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    boost::asio::post(context_, [this] { server_->start(access_); });
    thread_ = std::thread([this] { context_.run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(context_, [this] { server_->stop(); });
    boost::asio::post(context_, [this] { context_.stop(); });
    thread_.join();
  }

  // An exchange whose response has this body, kept in memory.
  std::string keep(const std::string& body, const std::string& target = "/",
                   const std::string& sensor = "web1") {
    const BatchPointer batch =
        batch_of({{.head = "GET " + target + " HTTP/1.1\r\nHost: shop\r\n\r\n", .index = ++index_},
                  {.head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
                   .body = body,
                   .index = index_}},
                 sensor);
    BatchPointer kept;
    model_.add(**batch, batch->bytes(), codec::Topic::http, 0, kept, monotonic_now_ns());
    return ExchangeId{{source_of(sensor, 7), 1}, index_}.text();
  }

  [[nodiscard]] OwnedFd connect(int receive_buffer = 0) const {
    OwnedFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer != 0)
      ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return client;
  }
  static void send(const OwnedFd& client, const std::string& path, const std::string& more = "",
                   const std::string& method = "GET") {
    const std::string text =
        fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{}\r\n",
                    method, path, kToken, more);
    EXPECT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // All until the end, or until `marker` came.
  static std::string receive(const OwnedFd& client, const std::string& marker = "") {
    std::string text;
    std::string piece(65536, '\0');
    while (marker.empty() || text.find(marker) == std::string::npos) {
      const ssize_t got = ::recv(client.get(), piece.data(), piece.size(), 0);
      if (got <= 0) break;
      text.append(piece, 0, static_cast<std::size_t>(got));
    }
    return text;
  }
  [[nodiscard]] std::string ask(const std::string& path, const std::string& more = "",
                                const std::string& method = "GET") const {
    const OwnedFd client = connect();
    send(client, path, more + "Connection: close\r\n", method);
    return receive(client);
  }
  [[nodiscard]] static std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }
  [[nodiscard]] json get(const std::string& path) const { return json::parse(body_of(ask(path))); }

  static std::unique_ptr<Ingest> never_started(Model& model) {
    auto opened = Ingest::open({.connect = {"ipc:///nonexistent/xdpcap-test"}}, model);
    return opened ? std::move(*opened) : nullptr;
  }

  Model model_{
      {.age_ns = std::uint64_t{3600} * 1'000'000'000, .bytes = std::size_t{64} << 20}, Rules{}, {}};
  std::unique_ptr<Ingest> ingest_ = never_started(model_);
  Api::Parts parts_{.model = model_,
                    .ingest = *ingest_,
                    .streams = [this] { return feeds_.streams(); },
                    .memory_max = 1,
                    .wrong_tokens = [] { return std::uint64_t{0}; }};
  boost::asio::io_context context_{1};
  Api api_{parts_};
  Feeds feeds_{parts_, context_};
  Access access_{{.loopback = true, .token = kToken}};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::uint32_t index_ = 0;
};

TEST_F(HttpServerTest, ReadersThatStandStillTakeNoMoreThanTheBudgetAndKeepNobodyOut) {
  const std::string id = keep(std::string(1 << 20, '"')); // 2 MiB of JSON
  std::vector<OwnedFd> still;
  for (int i = 0; i < 60; ++i) {
    still.push_back(connect(2048));
    send(still.back(), "/api/messages/" + id);
  }
  // Figures have a way of their own; and those who stand still make room for one who reads.
  EXPECT_THAT(ask("/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask("/metrics"), HasSubstr("xdpcap_web_exchanges 1\n"));
  std::string answer;
  for (int i = 0; i < 100 && !answer.starts_with("HTTP/1.1 200"); ++i) {
    answer = ask("/api/messages/" + id);
    if (answer.starts_with("HTTP/1.1 503")) {
      EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_GT(answer.size(), std::size_t{2} << 20);
}

TEST_F(HttpServerTest, AConnectionThatWaitsForItsNextRequestHoldsNoAnswer) {
  const std::string id = keep(std::string(1 << 20, '"')); // 2 MiB of JSON
  const std::size_t size = ask("/api/messages/" + id).size();
  ASSERT_GT(size, std::size_t{2} << 20);
  const auto heap = [] {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  std::vector<OwnedFd> idle;
  const std::size_t before = heap();
  for (int i = 0; i < 20; ++i) {
    idle.push_back(connect());
    send(idle.back(), "/api/messages/" + id);
    std::string piece(65536, '\0');
    for (std::size_t left = size - std::string_view("Connection: close\r\n").size(); left != 0;) {
      const ssize_t got = ::recv(idle.back().get(), piece.data(), std::min(left, piece.size()), 0);
      ASSERT_GT(got, 0);
      left -= static_cast<std::size_t>(got);
    }
  }
  EXPECT_EQ(get("/healthz")["status"], "ok"); // after what the last answer left behind
  EXPECT_LT(heap(), before + (std::size_t{10} << 20));
}

TEST_F(HttpServerTest, ABodyThatEscapesWouldBlowUpComesAsBase64) {
  const std::string id = keep(std::string(1 << 20, '\x01'));
  const std::string answer = ask("/api/messages/" + id);
  EXPECT_LT(answer.size(), std::size_t{3} << 19) << "six times as long as text";
  EXPECT_TRUE(json::parse(body_of(answer))["data"]["response"]["body"]["text"].is_null());
}

TEST_F(HttpServerTest, AFullHouseMakesRoomForWhoAsks) {
  stop();
  context_.restart();
  start({.address = "127.0.0.1", .port = 0, .connections_max = 8});
  std::vector<OwnedFd> idle;
  idle.reserve(100);
  for (int i = 0; i < 100; ++i) idle.push_back(connect());
  EXPECT_THAT(ask("/healthz"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, HeadsComeInPiecesAndOneBehindTheOther) {
  const std::string request = fmt::format(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n", kToken);
  const std::string last = request + "Connection: close\r\n\r\n";
  const auto answers_in = [](const std::string& text) {
    std::size_t count = 0, at = 0;
    for (; (at = text.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  const OwnedFd slow = connect();
  const int now = 1;
  ::setsockopt(slow.get(), IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
  for (const char& byte : last) ::send(slow.get(), &byte, 1, MSG_NOSIGNAL);
  EXPECT_EQ(answers_in(receive(slow)), 1u);

  const OwnedFd quick = connect();
  const std::string three = request + "\r\n" + request + "\r\n" + last;
  ::send(quick.get(), three.data(), three.size(), MSG_NOSIGNAL);
  EXPECT_EQ(answers_in(receive(quick)), 3u);

  for (const std::string& half : {std::string(), request}) {
    const OwnedFd gone = connect();
    ::send(gone.get(), half.data(), half.size(), MSG_NOSIGNAL);
    ::shutdown(gone.get(), SHUT_WR);
    EXPECT_EQ(receive(gone), "") << "nobody asked anything";
  }
}

TEST_F(HttpServerTest, TheDashboardIsForEverybodyAndACapturedByteForTheToken) {
  const OwnedFd client = connect();
  const std::string asked = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  ::send(client.get(), asked.data(), asked.size(), MSG_NOSIGNAL);
  EXPECT_THAT(receive(client), StartsWith("HTTP/1.1 200"));
  const OwnedFd other = connect();
  const std::string wanted =
      "GET /api/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  ::send(other.get(), wanted.data(), wanted.size(), MSG_NOSIGNAL);
  EXPECT_THAT(receive(other), StartsWith("HTTP/1.1 401"));
}

TEST_F(HttpServerTest, APageSaysOfHowMany) {
  for (int i = 0; i < 30; ++i) keep("", i % 3 == 0 ? "/a" : "/b", i < 10 ? "web1" : "web2");
  json page = get("/api/messages?path=/a&limit=4");
  EXPECT_EQ(page["data"].size(), 4U);
  EXPECT_EQ(page["matched"], 4);
  EXPECT_EQ(page["total"], 30);
  EXPECT_EQ(page["counted"], false);
  EXPECT_LT(page["searched"], 30);
  page = get("/api/messages?path=/a&limit=4&count=1");
  EXPECT_EQ(page["data"].size(), 4U);
  EXPECT_EQ(page["matched"], 10);
  EXPECT_EQ(page["counted"], true);
  EXPECT_EQ(get("/api/messages?limit=4&before=" + page["next"].get<std::string>())["data"].size(),
            4U);
  EXPECT_EQ(get("/api/messages?sensor=web1&limit=1000")["matched"], 10);
  page = get("/api/messages?path=/a");
  EXPECT_EQ(page["counted"], true);
  EXPECT_TRUE(page["next"].is_null());
}

TEST_F(HttpServerTest, HealthNamesWhatIsWrong) {
  const json silent = get("/api/health")["data"];
  EXPECT_EQ(silent["status"], "stale");
  EXPECT_THAT(std::string(silent["reason"]), AllOf(HasSubstr("--connect"), Not(HasSubstr("_"))))
      << "a sentence for a person has no name of the code";
  keep("");
  EXPECT_EQ(get("/api/health")["data"]["status"], "ok");
  EXPECT_EQ(body_of(ask("/healthz")), "{\"status\":\"ok\"}\n");
  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString("health_links_detached"),
             interface = builder.CreateString("eth0");
  schema::CounterBuilder counter(builder);
  counter.add_name(name);
  counter.add_value(1);
  counter.add_interface(interface);
  const auto one = counter.Finish();
  const auto counters = builder.CreateVector(&one, 1);
  schema::StatsRecordBuilder record(builder);
  record.add_counters(counters);
  const auto stats = record.Finish();
  const auto all = builder.CreateVector(&stats, 1);
  // A name that tries to end its value.
  const auto sensor = builder.CreateString("we\"b\\1");
  schema::BatchBuilder batch(builder);
  batch.add_sensor(sensor);
  batch.add_epoch(7);
  batch.add_stats(all);
  schema::FinishBatchBuffer(builder, batch.Finish());
  const Bytes bytes{reinterpret_cast<const std::byte*>(builder.GetBufferPointer()),
                    builder.GetSize()};
  BatchPointer kept;
  model_.add(*schema::GetBatch(builder.GetBufferPointer()), bytes, codec::Topic::stats, 0, kept,
             monotonic_now_ns());
  const json health = get("/api/health")["data"];
  EXPECT_EQ(health["status"], "degraded");
  EXPECT_EQ(health["problems"][0]["name"], "health_links_detached");
  EXPECT_EQ(health["problems"][0]["interface"], "eth0");
  EXPECT_THAT(health["problems"][0]["message"].get<std::string>(), HasSubstr("detached"));
  EXPECT_EQ(get("/api/stats")["data"]["health"], health);
  EXPECT_THAT(
      ask("/metrics"),
      HasSubstr("xdpcap_health_links_detached{sensor=\"we\\\"b\\\\1\",interface=\"eth0\"} 1\n"));
}

TEST_F(HttpServerTest, AStreamCarriesWhatComes) {
  const OwnedFd client = connect();
  send(client, "/api/messages?text=needle", "Accept: text/event-stream\r\n");
  EXPECT_THAT(receive(client, "event: state"), StartsWith("HTTP/1.1 200"));
  keep("hay", "/hay");
  keep("a NEEDLE", "/found");
  const std::string stream = receive(client, "event: message");
  EXPECT_THAT(stream, HasSubstr("/found"));
  EXPECT_EQ(stream.find("/hay"), std::string::npos);
}

TEST_F(HttpServerTest, ACaptureByNameIsLookedUpAside) {
  const OwnedFd client = connect();
  send(client, "/api/capture?h=0x7f.1"); // a name that is known even without /etc/hosts
  EXPECT_THAT(receive(client, "event: error"), HasSubstr("nothing has come from any capture yet"));
  EXPECT_THAT(ask("/api/capture?h=no.such.host.invalid"), HasSubstr("\"parameter\":\"h\""));
  EXPECT_THAT(ask("/api/capture?h=a&h=b&h=c&h=d&h=e"), HasSubstr("at most 4 names"));
}

TEST_F(HttpServerTest, HeadOfACaptureBeginsAsGetDoes) {
  EXPECT_THAT(ask("/api/capture", "", "HEAD"), HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(ask("/api/connections?state=established"), HasSubstr("is none of open, closed"));
}

} // namespace
} // namespace xdpcap::web
