// Opens a LiveCapture, counts its frames, and prints what it saw as JSON: the
// capture tests look at frames before any of the engine is in between.
//
//   capture_probe INTERFACE [mode=tap|mirror] [xdp=native|generic] [workers=N] [ring=N] [frames=N]
//                 [port=N] [host=CIDR] [attach=clsact] [steal] [sleep] [drop]
//
// Prints "ready" when it captures, and ends on SIGTERM or SIGINT. With `sleep`
// the workers do not read until then, which is the worst overload there is; with
// `drop` it becomes nobody, without any privilege, once the capture is open.
#include <fmt/core.h>
#include <grp.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "capture/live_capture.hpp"
#include "wire/decode.hpp"
#include "wire/format_address.hpp"

using namespace xdpcap;
using namespace xdpcap::capture;

namespace {

volatile sig_atomic_t ended = 0;
constexpr unsigned kNobody = 65534;

struct Options {
  LiveOptions live;
  bool sleep = false;
  bool drop = false;
};

// What one worker saw. A flow is named by both of its ends, the lower one first.
struct Seen {
  std::uint64_t frames = 0, tagged = 0, longest = 0, backwards = 0;
  std::map<std::string, std::set<std::array<std::byte, 6>>>
      flows; // the MAC addresses that sent in each
};

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word(argv[i]);
    const std::string_view value = word.substr(word.find('=') + 1);
    if (word == "mode=tap")
      options.live.mode = CaptureMode::tap;
    else if (word == "mode=mirror")
      options.live.mode = CaptureMode::mirror;
    else if (word == "xdp=native")
      options.live.xdp = XdpMode::native;
    else if (word == "xdp=generic")
      options.live.xdp = XdpMode::generic;
    else if (word == "attach=clsact")
      options.live.tap_attach = TapAttach::clsact_only;
    else if (word == "steal")
      options.live.steal = true;
    else if (word == "sleep")
      options.sleep = true;
    else if (word == "drop")
      options.drop = true;
    else if (word.starts_with("workers="))
      options.live.workers = number(value);
    else if (word.starts_with("ring="))
      options.live.ring = number(value);
    else if (word.starts_with("frames="))
      options.live.frames_per_queue = number(value);
    else if (word.starts_with("port="))
      options.live.filter.add_port(static_cast<std::uint16_t>(number(value)));
    else if (word.starts_with("host="))
      options.live.filter.add_host(wire::parse_network(value).value());
    else
      options.live.interfaces.push_back({std::string(word), {}});
  }
  return options;
}

bool is_vlan(std::uint16_t type) {
  return type == 0x8100 || type == 0x88a8;
}

std::string name_of(const wire::FlowKey& key) {
  return fmt::format("{} {}", wire::Text(key.low).view(), wire::Text(key.high).view());
}

void work(LiveSource& source, const std::atomic<bool>& may_read, Seen& seen) {
  while (!may_read) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  Instant before{};
  wire::Decoder decoder(
      {.checksums = wire::ChecksumMode::off}); // what these tests send is not summed
  while (!source.finished()) {
    const LiveSource::Burst burst = source.receive();
    for (std::size_t i = 0; i < burst.frames().size(); ++i) {
      const wire::Frame& frame = burst.frames()[i];
      ++seen.frames;
      seen.tagged += is_vlan(load_be16(frame.bytes.data() + 12)) ? 1U : 0U;
      seen.longest = std::max<std::uint64_t>(seen.longest, frame.bytes.size());
      std::array<std::byte, 6> sender{};
      std::memcpy(sender.data(), frame.bytes.data() + sender.size(), sender.size());
      if (const auto segment = decoder.decode(frame))
        seen.flows[name_of(segment->key)].insert(sender);
      seen.backwards += frame.arrived < before ? 1U : 0U;
      before = frame.arrived;
    }
  }
}

void print(const LiveLedger& ledger, const std::vector<Seen>& workers) {
  std::map<std::string, int> homes;
  int two_sided = 0;
  std::uint64_t frames = 0, tagged = 0, longest = 0, backwards = 0;
  std::string each;
  for (const Seen& seen : workers) {
    frames += seen.frames;
    tagged += seen.tagged;
    backwards += seen.backwards;
    longest = std::max(longest, seen.longest);
    each += fmt::format("{}{}", each.empty() ? "" : ", ", seen.frames);
    for (const auto& [flow, senders] : seen.flows) {
      ++homes[flow];
      two_sided += senders.size() == 2 ? 1 : 0;
    }
  }
  int split = 0;
  for (const auto& [flow, count] : homes) split += count > 1 ? 1 : 0;
  std::string interfaces;
  for (const InterfaceLedger& interface : ledger.interfaces) {
    std::string queues;
    for (const QueueLedger& q : interface.queues) {
      queues += fmt::format(
          R"({}{{"seen": {}, "not_ip": {}, "not_tcp": {}, "malformed": {}, )"
          R"("filtered": {}, "no_socket": {}, )"
          R"("redirected": {}, "fragments": {}, "tunnels": {}, "no_metadata": {}, )"
          R"("delivered": {}, "untimed": {}, )"
          R"("joined": {}, "oversize": {}, "rx_dropped": {}, "rx_ring_full": {}, )"
          R"("fill_ring_empty": {}, "rx_invalid": {}, "elsewhere": {}}})",
          queues.empty() ? "" : ", ", q.xdp.seen, q.xdp.not_ip, q.xdp.not_tcp, q.xdp.malformed,
          q.xdp.filtered, q.xdp.no_socket, q.xdp.redirected, q.xdp.fragments, q.xdp.tunnels,
          q.xdp.no_metadata, q.delivered, q.untimed, q.joined, q.oversize, q.socket.rx_dropped,
          q.socket.rx_ring_full, q.socket.fill_ring_empty, q.socket.rx_invalid, q.elsewhere());
    }
    const TapCounts& tap = interface.tap.program;
    interfaces += fmt::format(
        R"({}{{"interface": "{}", "mode": "{}", "tap": {{"seen": {}, )"
        R"("not_ip": {}, "not_tcp": {}, "malformed": {}, )"
        R"("filtered": {}, "cloned": {}, "clone_errors": {}, "sent": {}, )"
        R"("dropped": {}, "queue_dropped": {}}}, "queues": [{}]}})",
        interfaces.empty() ? "" : ", ", interface.interface,
        interface.mode == CaptureMode::tap ? "tap" : "mirror", tap.seen, tap.not_ip, tap.not_tcp,
        tap.malformed, tap.filtered, tap.cloned, tap.clone_errors, interface.tap.device.sent,
        interface.tap.device.dropped, interface.tap.device.queue_dropped, queues);
  }
  fmt::print(R"({{"frames": {}, "workers": [{}], "tagged": {}, "longest": {}, )"
             R"("backwards": {}, "flows": {}, "two_sided": {}, "split": {}, "interfaces": [{}]}})"
             "\n",
             frames, each, tagged, longest, backwards, homes.size(), two_sided, split, interfaces);
}

} // namespace

int main(int argc,
         char** argv) { // NOLINT(bugprone-exception-escape): then the test fails, as it should
  const Options options = parse(argc, argv);
  for (const int signal : {SIGTERM, SIGINT}) ::signal(signal, [](int) { ended = 1; });
  auto capture = LiveCapture::open(options.live);
  if (!capture) {
    fmt::print(stderr, "{}\n", capture.error().message);
    return static_cast<int>(capture.error().code);
  }
  for (const std::string& note : capture->notes()) fmt::print(stderr, "{}\n", note);

  if (options.drop &&
      (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
       ::setresuid(kNobody, kNobody, kNobody) != 0)) {
    fmt::print(stderr, "privileges cannot be dropped\n");
    return static_cast<int>(ExitCode::privilege);
  }
  std::atomic<bool> may_read{!options.sleep};
  std::vector<Seen> seen(capture->workers());
  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < capture->workers(); ++worker) {
    if (LiveSource* source = capture->source(worker)) {
      threads.emplace_back([&, source, worker] { work(*source, may_read, seen[worker]); });
    }
  }
  fmt::print(stderr, "ready\n");
  bool left = true;
  while (ended == 0 && left) {
    for (const std::string& words : capture->check()) fmt::print(stderr, "{}\n", words);
    left = capture->anything_left();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  capture->stop();
  may_read = true;
  for (std::thread& thread : threads) thread.join();
  print(capture->close(), seen);
  return left ? 0 : static_cast<int>(ExitCode::environment);
}
