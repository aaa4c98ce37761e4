#include "publish/host_record_writer.hpp"

#include <algorithm>
#include <array>

#include "core/live_clock.hpp"
#include "publish/masking.hpp"
#include "publish/record_writer.hpp"

namespace xdpcap::publish {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// Tables with all their scalars, vtables, and the builder's scratch pad meanwhile.
constexpr std::size_t kSocketTables = 1024; // with its TcpInfo
constexpr std::size_t kProcessTable = 256;
constexpr std::size_t kInterfaceTable = 768;
constexpr std::size_t kText = 12; // length, end and padding
constexpr std::size_t kAddressesMax = 64;
constexpr std::size_t kAddress = 64; // one as text, and its place in the vector

std::uint64_t ns_of(Duration duration) noexcept {
  return static_cast<std::uint64_t>(std::max<Duration::rep>(duration.count(), 0));
}

std::string_view cut(std::string_view text) noexcept {
  return text.substr(0, Process::text_max);
}

// An empty text is an absent one.
Offset<flatbuffers::String> write_text(FlatBufferBuilder& builder, std::string_view text) {
  text = cut(text);
  return text.empty() ? Offset<flatbuffers::String>(0)
                      : builder.CreateString(text.data(), text.size());
}

// Arguments as one line, parted by blanks.
Offset<flatbuffers::String> write_command(FlatBufferBuilder& builder, std::string_view command,
                                          const SecretNames* masked) {
  std::array<char, Process::text_max> line;
  command = cut(command);
  std::copy(command.begin(), command.end(), line.begin());
  if (masked != nullptr) (void)mask_arguments({line.data(), command.size()}, *masked);
  std::replace(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(command.size()), '\0', ' ');
  return write_text(builder, {line.data(), command.size()});
}

Offset<schema::Process> write_process(FlatBufferBuilder& builder, const Process& process,
                                      const SecretNames* masked) {
  const auto name = write_text(builder, process.name);
  const auto command = write_command(builder, process.command, masked);
  const auto cgroup = write_text(builder, process.cgroup);
  const auto container = write_text(builder, process.container);
  schema::ProcessBuilder out(builder);
  out.add_started_ns(process.started_ns);
  out.add_pid(process.pid);
  out.add_name(name);
  out.add_command(command);
  out.add_cgroup(cgroup);
  out.add_container(container);
  out.add_uid(process.uid);
  return out.Finish();
}

Offset<schema::TcpInfo> write_tcp_info(FlatBufferBuilder& builder, const TcpInfo& info) {
  const auto congestion_control = write_text(builder, info.congestion_control.substr(0, 16));
  schema::TcpInfoBuilder out(builder);
  out.add_rtt_ns(ns_of(info.rtt));
  out.add_rtt_var_ns(ns_of(info.rtt_var));
  out.add_min_rtt_ns(ns_of(info.min_rtt));
  out.add_rto_ns(ns_of(info.rto));
  out.add_retransmits(info.retransmits);
  out.add_delivery_rate(info.delivery_rate);
  out.add_pacing_rate(info.pacing_rate);
  out.add_bytes_sent(info.bytes_sent);
  out.add_bytes_acked(info.bytes_acked);
  out.add_bytes_received(info.bytes_received);
  out.add_bytes_retransmitted(info.bytes_retransmitted);
  out.add_segments_out(info.segments_out);
  out.add_segments_in(info.segments_in);
  out.add_congestion_window(info.congestion_window);
  out.add_slow_start_threshold(info.slow_start_threshold);
  out.add_mss(info.mss);
  out.add_send_window(info.send_window);
  out.add_receive_window(info.receive_window);
  out.add_unacked(info.unacked);
  out.add_lost(info.lost);
  out.add_sacked(info.sacked);
  out.add_congestion_control(congestion_control);
  return out.Finish();
}

using Texts = Offset<flatbuffers::Vector<Offset<flatbuffers::String>>>;

Texts write_texts(FlatBufferBuilder& builder, std::span<const std::string> texts) {
  if (texts.empty()) return 0;
  std::array<Offset<flatbuffers::String>, kAddressesMax> written;
  const std::size_t count = std::min(texts.size(), written.size());
  for (std::size_t i = 0; i < count; ++i)
    written[i] = write_text(builder, std::string_view(texts[i]).substr(0, 45));
  return builder.CreateVector(written.data(), count);
}

} // namespace

std::size_t bytes_of(const SocketRecord&) noexcept {
  return kSocketTables;
}

std::size_t bytes_of(const Process& process) noexcept {
  return kProcessTable + cut(process.name).size() + cut(process.command).size() +
         cut(process.cgroup).size() + cut(process.container).size() + 4 * kText;
}

std::size_t bytes_of(const InterfaceRecord& record) noexcept {
  const std::size_t addresses =
      std::min(record.ipv4.size(), kAddressesMax) + std::min(record.ipv6.size(), kAddressesMax);
  return kInterfaceTable + addresses * kAddress + record.name.size() + record.driver.size() +
         record.mac.size() + record.xdp.size() + record.xdp_name.size();
}

Offset<schema::SocketRecord> write(FlatBufferBuilder& builder, const SocketRecord& record,
                                   ProcessesWritten& processes, const SecretNames* masked) {
  ProcessesWritten::Offset process;
  if (record.process != nullptr) {
    process = processes.find(*record.process);
    if (process.o == 0) {
      process = write_process(builder, *record.process, masked);
      processes.add(*record.process, process);
    }
  }
  const auto tcp =
      record.tcp == nullptr ? Offset<schema::TcpInfo>(0) : write_tcp_info(builder, *record.tcp);
  const schema::Endpoint local = endpoint_of(record.local);
  const schema::Endpoint remote = endpoint_of(record.remote);

  schema::SocketRecordBuilder out(builder);
  out.add_at_ns(utc_ns(record.at));
  out.add_cookie(record.cookie);
  out.add_local(&local);
  out.add_remote(&remote);
  out.add_network_namespace(record.network_namespace);
  out.add_process(process);
  out.add_tcp(tcp);
  out.add_receive_queue(record.receive_queue);
  out.add_send_queue(record.send_queue);
  out.add_memory(record.memory);
  out.add_uid(record.uid);
  out.add_event(static_cast<schema::SocketEvent>(record.event));
  out.add_protocol(static_cast<schema::SocketProtocol>(record.protocol));
  out.add_state(static_cast<schema::TcpState>(record.state));
  return out.Finish();
}

Offset<schema::InterfaceRecord> write(FlatBufferBuilder& builder, const InterfaceRecord& record) {
  const auto name =
      builder.CreateString(record.name.data(), record.name.size()); // required, even where empty
  const Texts ipv4 = write_texts(builder, record.ipv4);
  const Texts ipv6 = write_texts(builder, record.ipv6);
  const auto driver = write_text(builder, record.driver);
  const auto mac = write_text(builder, record.mac);
  const auto xdp = write_text(builder, record.xdp);
  const auto xdp_name = write_text(builder, record.xdp_name);

  schema::InterfaceRecordBuilder out(builder);
  out.add_at_ns(utc_ns(record.at));
  out.add_index(record.index);
  out.add_name(name);
  out.add_ipv4(ipv4);
  out.add_ipv6(ipv6);
  out.add_mtu(record.mtu);
  out.add_speed(record.speed);
  out.add_driver(driver);
  out.add_mac(mac);
  out.add_xdp(xdp);
  out.add_xdp_program(record.xdp_program);
  out.add_xdp_name(xdp_name);
  out.add_network_namespace(record.network_namespace);
  out.add_number(record.number);
  out.add_up(record.up);
  out.add_running(record.running);
  return out.Finish();
}

} // namespace xdpcap::publish
