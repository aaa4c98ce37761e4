#include "apps/xdpcap_web/host_view.hpp"

#include "publish/batch_view.hpp"

namespace xdpcap::web {
namespace {

using publish::text_of;

KernelSocket kernel_socket(const schema::SocketRecord& record) {
  KernelSocket socket;
  socket.state = record.state();
  socket.at_ns = record.at_ns();
  socket.cookie = record.cookie();
  socket.receive_queue = record.receive_queue();
  socket.send_queue = record.send_queue();
  socket.memory = record.memory();
  const schema::TcpInfo* info = record.tcp();
  if (info == nullptr) return socket;
  socket.has_info = true;
  socket.rtt_ns = info->rtt_ns();
  socket.rtt_var_ns = info->rtt_var_ns();
  socket.min_rtt_ns = info->min_rtt_ns();
  socket.rto_ns = info->rto_ns();
  socket.cwnd = info->congestion_window();
  socket.ssthresh = info->slow_start_threshold();
  socket.mss = info->mss();
  socket.send_window = info->send_window();
  socket.receive_window = info->receive_window();
  socket.unacked = info->unacked();
  socket.lost = info->lost();
  socket.retransmits = info->retransmits();
  socket.delivery_rate = info->delivery_rate();
  socket.pacing_rate = info->pacing_rate();
  socket.bytes_sent = info->bytes_sent();
  socket.bytes_acked = info->bytes_acked();
  socket.bytes_received = info->bytes_received();
  socket.congestion_control = text_of(info->congestion_control());
  return socket;
}

// A record without figures (an event, TIME-WAIT) does not wipe out those that are known.
void update(KernelSocket& known, KernelSocket&& heard) {
  if (!heard.has_info && known.has_info && known.cookie == heard.cookie) {
    known.state = heard.state;
    return;
  }
  known = std::move(heard);
}

} // namespace

bool same_endpoint(const schema::Endpoint& a, const schema::Endpoint& b) noexcept {
  return a.address_high() == b.address_high() && a.address_low() == b.address_low() && a.port() == b.port();
}

std::size_t SocketNameHash::operator()(const SocketName& name) const noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t hash = 0;
  for (const schema::Endpoint* end : {&name.local, &name.remote}) {
    for (const std::uint64_t word : {end->address_high(), end->address_low(), std::uint64_t{end->port()}})
      hash = ((hash ^ word) * kOdd) ^ (hash >> 29);
  }
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

bool SocketNameEqual::operator()(const SocketName& a, const SocketName& b) const noexcept {
  return same_endpoint(a.local, b.local) && same_endpoint(a.remote, b.remote);
}

ProcessPointer HostView::process_of(const schema::Process& process, std::string_view sensor) {
  const auto known = processes_.find({sensor, process.pid(), process.started_ns()});
  // A process may take another name after it was met (exec).
  if (known != processes_.end() && known->second->name == text_of(process.name()) &&
      known->second->command == text_of(process.command()))
    return known->second;
  if (known != processes_.end()) processes_.erase(known);
  if (processes_.size() >= kProcessesMax) processes_.erase(processes_.begin());
  auto made = std::make_shared<Process>();
  made->sensor = sensor;
  made->pid = process.pid();
  made->uid = process.uid();
  made->started_ns = process.started_ns();
  made->name = text_of(process.name());
  made->command = text_of(process.command());
  made->cgroup = text_of(process.cgroup());
  made->container = text_of(process.container());
  processes_.emplace(ProcessKey{made->sensor, made->pid, made->started_ns}, made);
  return made;
}

ProcessPointer HostView::add(const schema::SocketRecord& record, std::string_view sensor, std::uint64_t now_ns) {
  ProcessPointer process = record.process() == nullptr ? nullptr : process_of(*record.process(), sensor);
  if (record.protocol() != schema::SocketProtocol::tcp || record.local() == nullptr || record.remote() == nullptr ||
      record.state() == schema::TcpState::listen)
    return process;
  const SocketName name{*record.local(), *record.remote()};
  auto known = sockets_.find(name);
  if (known == sockets_.end()) {
    order_.push_back({name, {}});
    known = sockets_.emplace(name, std::prev(order_.end())).first;
    known->second->known.first_ns = record.at_ns();
  } else {
    order_.splice(order_.end(), order_, known->second);
  }
  Known& socket = known->second->known;
  const bool another = socket.kernel.cookie != record.cookie() && record.cookie() != 0;
  if (another) socket = {.first_ns = record.at_ns()}; // the same name, used again
  update(socket.kernel, kernel_socket(record));
  if (process != nullptr) socket.process = process;
  socket.heard_ns = now_ns;
  if (sockets_.size() > kSocketsMax) {
    sockets_.erase(order_.front().name);
    order_.pop_front();
  }
  return socket.process;
}

const HostView::Known* HostView::find(const SocketName& name) const {
  const auto known = sockets_.find(name);
  return known == sockets_.end() ? nullptr : &known->second->known;
}

void HostView::expire(std::uint64_t now_ns) {
  while (!order_.empty() && order_.front().known.heard_ns + kKeptNs < now_ns) {
    sockets_.erase(order_.front().name);
    order_.pop_front();
  }
}

} // namespace xdpcap::web
