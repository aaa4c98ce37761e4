#include "host/host_watch.hpp"

#include <fmt/core.h>

#include <array>
#include <thread>
#include <unordered_map>

#include "bpf/socket_event.h"
#include "core/live_clock.hpp"
#include "host/socket_dump.hpp"

namespace xdpcap::host {
namespace {

constexpr std::size_t kWithoutOwnerMax =
    4096; // looked for in one round; the others in the next ones
// A search through all descriptors takes at most this part of the time.
constexpr int kSearchShare = 5;

constexpr std::array<std::string_view, Counters<WatchCount>::size> kWatchNames{
    "dumps", "dump_errors", "sockets_seen", "searches", "events"};
constexpr std::array<std::string_view, Counters<BookCount>::size> kBookNames{
    "sockets_opened", "sockets_closed", "sockets_without_process", "not_kept"};

TcpInfo figures_of(const xdpcap_tcp_figures& info) {
  TcpInfo figures;
  figures.rtt_ns = ns_of_us(info.srtt_us8 / 8);
  figures.rtt_var_ns = ns_of_us(info.rtt_var_us4 / 4);
  if (info.min_rtt_us != UINT32_MAX) figures.min_rtt_ns = ns_of_us(info.min_rtt_us);
  figures.congestion_window = info.congestion_window;
  figures.slow_start_threshold = info.slow_start_threshold;
  figures.mss = info.mss;
  figures.send_window = info.send_window;
  figures.receive_window = info.receive_window;
  figures.retransmits = info.retransmits;
  figures.bytes_sent = info.bytes_sent;
  figures.bytes_acked = info.bytes_acked;
  figures.bytes_received = info.bytes_received;
  figures.bytes_retransmitted = info.bytes_retransmitted;
  figures.segments_out = info.segments_out;
  figures.segments_in = info.segments_in;
  return figures;
}

} // namespace

std::string_view name_of(WatchCount count) noexcept {
  return kWatchNames[static_cast<std::size_t>(count)];
}
std::string_view name_of(BookCount count) noexcept {
  return kBookNames[static_cast<std::size_t>(count)];
}

HostWatch::HostWatch(const WatchOptions& options)
    : whole_host_(options.whole_host),
      processes_(options.processes_max),
      book_(options.sockets_max) {
  open_probe();
  // What is there already, as long as everything may be looked at.
  look([](const Socket&) {});
  if (whole_host_ && !entered_any_ && namespaces_of_processes().size() > 1) {
    notes_.emplace_back(
        "other network namespaces cannot be entered, which needs CAP_SYS_ADMIN and CAP_SYS_PTRACE: "
        "of sockets there "
        "only "
        "the opening and the end are seen");
  }
  (void)interfaces_.look();
}

void HostWatch::open_probe() {
  const ProbeSink sink{.on_process = [this](const ProcessNews& news) { processes_.learn(news); },
                       .on_socket = [this](const xdpcap_socket_event& event) { on_event(event); }};
  auto probe = SocketProbe::open(whole_host_ ? 0 : namespaces_.own(), sink);
  if (!probe) {
    notes_.push_back(
        fmt::format("sockets are only seen each --sockets SECONDS, and the processes of short "
                    "connections not at all: the programs "
                    "that would publish as it happens cannot be used ({})",
                    probe.error().message));
    return;
  }
  probe_ = std::move(*probe);
  if (!probe_->sees_accept()) {
    notes_.emplace_back(
        "this kernel lets no function be traced: who accepted a connection is known from its first "
        "read on");
  }
}

void HostWatch::on_event(const xdpcap_socket_event& event) {
  counters_.add(WatchCount::events);
  SocketNews news;
  news.at = LiveClock::from_monotonic(event.time_ns);
  news.cookie = event.cookie;
  news.network_namespace = event.network_namespace;
  news.state = state_of(event.new_state);
  news.changed_state = event.kind == XDPCAP_EVENT_STATE;
  news.local = endpoint_of(event.version, event.local, event.local_port);
  news.remote = endpoint_of(event.version, event.remote, event.remote_port);
  news.process = processes_.find(event.pid, event.process_started_ns);
  news.uid = event.uid;
  if (news.changed_state && news.state == SocketState::closed) news.tcp = figures_of(event.figures);
  book_.apply(news);
}

bool HostWatch::poll(int timeout_ms) {
  read_until_ = LiveClock::now();
  if (probe_ != nullptr) return probe_->poll(timeout_ms) > 0;
  std::this_thread::sleep_for(std::chrono::milliseconds{timeout_ms});
  return false;
}

void HostWatch::look(const SocketBook::Publish& publish) {
  counters_.add(WatchCount::dumps);
  if (probe_ != nullptr) probe_->poll(0); // so that most owners are known
  const Instant now = LiveClock::now();
  std::vector<Socket> without_owner;
  std::vector<std::uint32_t> looked_into;
  const auto look_here = [&](std::uint32_t number) {
    if (look_into(number, now, without_owner, publish)) looked_into.push_back(number);
  };
  look_here(namespaces_.own());
  entered_any_ = false;
  if (whole_host_) {
    for (const auto& [inode, pid] : namespaces_of_processes()) {
      const std::uint32_t number = inode; // a structured binding cannot be captured
      if (number == namespaces_.own()) continue;
      entered_any_ |= namespaces_.run_inside(number, pid, [&] { look_here(number); });
    }
  }
  if (!without_owner.empty()) search_owners(now, without_owner);
  for (Socket& socket : without_owner) {
    socket.process = book_.process_of(socket);
    publish(socket);
  }
  book_.end_round(looked_into);
}

bool HostWatch::look_into(std::uint32_t network_namespace, Instant now,
                          std::vector<Socket>& without_owner, const SocketBook::Publish& publish) {
  const int error = dump_sockets([&](Socket&& socket) {
    counters_.add(WatchCount::sockets_seen);
    socket.set_time(now);
    socket.network_namespace = network_namespace;
    socket.process = book_.process_of(socket);
    const bool may_have_one = socket.process == nullptr && socket.inode != 0;
    if (may_have_one && without_owner.size() < kWithoutOwnerMax &&
        book_.should_search(socket.cookie, now)) {
      without_owner.push_back(std::move(socket));
    } else {
      publish(socket);
    }
  });
  if (error != 0) counters_.add(WatchCount::dump_errors);
  return error == 0;
}

void HostWatch::search_owners(Instant now, const std::vector<Socket>& sockets) {
  if (now < next_search_) return;
  counters_.add(WatchCount::searches);
  const auto note = [this](std::uint64_t cookie, std::uint32_t pid, std::uint64_t started_boot_ns) {
    if (book_.lacks_owner(cookie)) book_.set_owner(cookie, processes_.find(pid, started_boot_ns));
  };
  if (probe_ == nullptr || !probe_->each_owner(note)) search_descriptors(sockets);
  const Instant done = LiveClock::now();
  next_search_ = done + (done - now) * (kSearchShare - 1);
}

// The long way: each process's descriptors in /proc.
void HostWatch::search_descriptors(const std::vector<Socket>& sockets) {
  std::unordered_map<std::uint64_t, std::uint64_t> cookie_of; // by inode
  for (const Socket& socket : sockets) cookie_of[socket.inode] = socket.cookie;
  each_process([&](std::uint32_t pid) {
    each_socket_of(pid, [&](std::uint64_t inode) {
      const auto found = cookie_of.find(inode);
      if (found == cookie_of.end() || !book_.lacks_owner(found->second)) return;
      book_.set_owner(found->second, processes_.look_up(pid));
    });
  });
}

} // namespace xdpcap::host
