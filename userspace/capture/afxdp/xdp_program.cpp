#include "capture/afxdp/xdp_program.hpp"

#include "bpf/shared.h" // before the skeleton, which names its types

#include <capture.skel.h>
#include <linux/if_link.h>

#include <cerrno>

#include "capture/afxdp/filter_maps.hpp"
#include "capture/nic/attached_programs.hpp"
#include "capture/per_cpu.hpp"
#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint32_t kHasFragments = 1U << 5; // BPF_F_XDP_HAS_FRAGS, kernel 5.18

Error load_error(int error, bool multi_buffer) {
  if (error == -EPERM || error == -EACCES) {
    return privilege(
        "the kernel refuses to load the XDP program ({}): run it with sudo, or grant CAP_BPF, "
        "CAP_NET_ADMIN and "
        "CAP_PERFMON",
        errno_text(error));
  }
  if (multi_buffer) {
    return environment(
        "this kernel cannot load an XDP program for frames longer than a page ({}); that needs "
        "Linux 5.18: "
        "lower the MTU of the interface to 3400 or less",
        errno_text(error));
  }
  return environment(
      "the kernel refuses to load the XDP program: {}; Linux 5.9 or later with BPF is needed",
      errno_text(error));
}

void configure(capture_bpf& skeleton, const XdpProgramOptions& options) {
  const std::uint32_t action = options.miss == MissAction::drop ? XDP_DROP : XDP_PASS;
  auto& config = skeleton.rodata->config;
  config.interface = options.interface;
  config.queues = options.queues;
  config.miss_action = action;
  config.no_socket_action = action;
  config.select = options.select ? 1 : 0;
  config.tunnels = options.tunnels ? 1 : 0;
  config.udp = options.udp ? 1 : 0;
  ::bpf_map__set_max_entries(skeleton.maps.sockets, options.queues);
  ::bpf_map__set_max_entries(skeleton.maps.counters, options.queues);
  if (options.multi_buffer) ::bpf_program__set_flags(skeleton.progs.capture, kHasFragments);
}

} // namespace

void XdpProgram::Destroy::operator()(capture_bpf* skeleton) const noexcept {
  capture_bpf::destroy(skeleton);
}

XdpProgram::XdpProgram(std::unique_ptr<capture_bpf, Destroy> skeleton,
                       std::uint32_t queues) noexcept
    : skeleton_(std::move(skeleton)), queues_(queues) {}
XdpProgram::~XdpProgram() = default;
XdpProgram::XdpProgram(XdpProgram&&) noexcept = default;
XdpProgram& XdpProgram::operator=(XdpProgram&&) noexcept = default;

Result<XdpProgram, Error> XdpProgram::load(const XdpProgramOptions& options,
                                           const wire::Filter& filter) {
  // Its diagnostics are for programmers; what a user can do is in our sentences.
  ::libbpf_set_print(nullptr);
  std::unique_ptr<capture_bpf, Destroy> skeleton(capture_bpf::open());
  if (!skeleton) return load_error(-errno, false);
  configure(*skeleton, options);
  if (const int error = capture_bpf::load(skeleton.get()); error != 0)
    return load_error(error, options.multi_buffer);
  const FilterMaps maps{::bpf_map__fd(skeleton->maps.hosts4), ::bpf_map__fd(skeleton->maps.hosts6),
                        ::bpf_map__fd(skeleton->maps.ports), &skeleton->data_filter->switches};
  if (auto installed = install_filter(maps, filter); !installed)
    return std::move(installed).error();
  return XdpProgram(std::move(skeleton), options.queues);
}

int XdpProgram::attach(unsigned ifindex, XdpAttach how) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = how == XdpAttach::native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
  const int fd = ::bpf_link_create(program_fd(), static_cast<int>(ifindex), BPF_XDP, &options);
  if (fd < 0) return -fd;
  link_ = OwnedFd(fd);
  ifindex_ = ifindex;
  how_ = how;
  return 0;
}

bool XdpProgram::attached() const {
  return attached_ifindex(link_.get()) != 0;
}

int XdpProgram::attach_again() {
  return attach(ifindex_, how_);
}

void XdpProgram::detach() noexcept {
  link_.reset();
}

Result<void, Error> XdpProgram::insert_socket(std::uint32_t queue, int socket_fd) {
  const int error =
      ::bpf_map_update_elem(::bpf_map__fd(skeleton_->maps.sockets), &queue, &socket_fd, BPF_ANY);
  if (error != 0)
    return environment("queue {} cannot be given its socket: {}", queue, errno_text(error));
  return {};
}

void XdpProgram::remove_sockets() noexcept {
  for (std::uint32_t queue = 0; queue < queues_; ++queue) {
    ::bpf_map_delete_elem(::bpf_map__fd(skeleton_->maps.sockets), &queue);
  }
}

std::vector<XdpCounts> XdpProgram::counts() const {
  std::vector<XdpCounts> queues;
  for (std::uint32_t queue = 0; queue < queues_; ++queue) {
    XdpCounts sum;
    for (const auto& cpu :
         read_per_cpu<xdpcap_capture_counters>(::bpf_map__fd(skeleton_->maps.counters), queue)) {
      sum.seen += cpu.seen;
      sum.not_ip += cpu.not_ip;
      sum.not_tcp += cpu.not_tcp;
      sum.malformed += cpu.malformed;
      sum.filtered += cpu.filtered;
      sum.no_socket += cpu.no_socket;
      sum.redirected += cpu.redirected;
      sum.fragments += cpu.fragments;
      sum.tunnels += cpu.tunnels;
      sum.no_metadata += cpu.no_metadata;
    }
    queues.push_back(sum);
  }
  return queues;
}

int XdpProgram::program_fd() const noexcept {
  return ::bpf_program__fd(skeleton_->progs.capture);
}

} // namespace xdpcap::capture
