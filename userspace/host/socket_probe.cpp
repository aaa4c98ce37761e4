#include "host/socket_probe.hpp"

#include <bpf/bpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include "bpf/socket_event.h" // before the skeleton, which names its types

#include <sockets.skel.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/owned_fd.hpp"

namespace xdpcap::host {
namespace {

std::string errno_text(int error) {
  return std::generic_category().message(error < 0 ? -error : error);
}

} // namespace

void SocketProbe::Destroy::operator()(sockets_bpf* skeleton) const noexcept {
  sockets_bpf::destroy(skeleton);
}
void SocketProbe::Destroy::operator()(ring_buffer* ring) const noexcept {
  ::ring_buffer__free(ring);
}

SocketProbe::SocketProbe(ProbeSink sink) : sink_(std::move(sink)) {}
SocketProbe::~SocketProbe() = default;

Result<std::unique_ptr<SocketProbe>, Error> SocketProbe::open(std::uint32_t network_namespace,
                                                              ProbeSink sink) {
  ::libbpf_set_print(nullptr); // what it has to say is said here, in one sentence
  std::unique_ptr<SocketProbe> probe(new SocketProbe(std::move(sink)));
  int error = 0;
  // Not every kernel lets functions be traced: then without the one that sees accept().
  for (const bool with_accept : {true, false}) {
    probe->skeleton_.reset(sockets_bpf::open());
    if (probe->skeleton_ == nullptr) {
      return Error{ExitCode::environment,
                   fmt::format("they cannot be opened: {}", errno_text(errno))};
    }
    sockets_bpf& skeleton = *probe->skeleton_;
    skeleton.rodata->only_namespace = network_namespace;
    ::bpf_program__set_autoload(skeleton.progs.accepted, with_accept);
    error = sockets_bpf::load(&skeleton);
    if (error == 0) error = sockets_bpf::attach(&skeleton);
    probe->sees_accept_ = with_accept;
    if (error == 0) break;
  }
  if (error != 0) {
    return Error{ExitCode::environment,
                 fmt::format("the kernel refuses them: {}; they need CAP_BPF, CAP_PERFMON, and "
                             "Linux 5.13 or later with "
                             "BTF (/sys/kernel/btf/vmlinux)",
                             errno_text(error))};
  }
  probe->ring_.reset(::ring_buffer__new(::bpf_map__fd(probe->skeleton_->maps.events), on_event,
                                        probe.get(), nullptr));
  if (probe->ring_ == nullptr) {
    return Error{ExitCode::environment,
                 fmt::format("their ring cannot be mapped: {}", errno_text(errno))};
  }
  return probe;
}

int SocketProbe::on_event(void* self, void* data, std::size_t bytes) {
  const SocketProbe& probe = *static_cast<SocketProbe*>(self);
  std::uint32_t kind = 0;
  std::memcpy(&kind, data, sizeof kind);
  if (kind != XDPCAP_EVENT_PROCESS) {
    xdpcap_socket_event event{};
    if (bytes >= sizeof event) {
      std::memcpy(&event, data, sizeof event);
      probe.sink_.on_socket(event);
    }
    return 0;
  }
  xdpcap_process_event event{};
  if (bytes < sizeof event) return 0;
  std::memcpy(&event, data, sizeof event);
  const std::size_t command = std::min<std::size_t>(event.command_bytes, sizeof event.command);
  probe.sink_.on_process({.pid = event.pid,
                          .started_boot_ns = event.started_ns,
                          .cgroup_id = event.cgroup,
                          .uid = event.uid,
                          .name = {event.name, ::strnlen(event.name, sizeof event.name)},
                          .command = {event.command, command}});
  return 0;
}

int SocketProbe::poll(int timeout_ms) {
  return ::ring_buffer__poll(ring_.get(), timeout_ms);
}

std::uint64_t SocketProbe::lost() const noexcept {
  bpf_prog_info info{};
  __u32 bytes = sizeof info;
  const int program = ::bpf_program__fd(skeleton_->progs.state_by_packet);
  const bool has_info = ::bpf_obj_get_info_by_fd(program, &info, &bytes) == 0;
  return __atomic_load_n(&skeleton_->bss->lost, __ATOMIC_RELAXED) +
         (has_info ? info.recursion_misses : 0);
}

bool SocketProbe::each_owner(const OwnerVisitor& visit) {
  const OwnedFd iteration(::bpf_iter_create(::bpf_link__fd(skeleton_->links.owners)));
  if (!iteration) return false;
  std::array<xdpcap_socket_owner, 512> owners{};
  std::size_t held = 0; // bytes; a read may end within one
  for (;;) {
    auto* at = reinterpret_cast<std::byte*>(owners.data());
    const ssize_t bytes = ::read(iteration.get(), at + held, sizeof owners - held);
    if (bytes < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (bytes <= 0) return bytes == 0;
    held += static_cast<std::size_t>(bytes);
    const std::size_t whole = held / sizeof(xdpcap_socket_owner);
    for (std::size_t i = 0; i < whole; ++i)
      visit(owners[i].cookie, owners[i].pid, owners[i].started_ns);
    held -= whole * sizeof(xdpcap_socket_owner);
    std::memmove(at, at + whole * sizeof(xdpcap_socket_owner), held);
  }
}

} // namespace xdpcap::host
