#include "capture/tap/tap_program.hpp"

#include "bpf/shared.h" // before the skeleton, which names its types

#include <tap.skel.h>

#include <algorithm>
#include <cerrno>

#include "capture/afxdp/filter_maps.hpp"
#include "capture/nic/attached_programs.hpp"
#include "capture/per_cpu.hpp"
#include "capture/tap/clsact.hpp"
#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {} // namespace

void TapProgram::Destroy::operator()(tap_bpf* skeleton) const noexcept {
  tap_bpf::destroy(skeleton);
}

TapProgram::TapProgram(std::unique_ptr<tap_bpf, Destroy> skeleton, unsigned tap_index) noexcept
    : skeleton_(std::move(skeleton)), tap_index_(tap_index) {}
TapProgram::~TapProgram() {
  detach();
}
TapProgram::TapProgram(TapProgram&& other) noexcept
    : skeleton_(std::move(other.skeleton_)),
      tap_index_(other.tap_index_),
      ifindex_(other.ifindex_),
      ingress_only_(other.ingress_only_),
      companions_(std::move(other.companions_)),
      ingress_(std::move(other.ingress_)),
      egress_(std::move(other.egress_)),
      clsact_(std::exchange(other.clsact_, std::nullopt)) {}

Result<TapProgram, Error> TapProgram::load(const TapProgramOptions& options,
                                           const wire::Filter& filter) {
  ::libbpf_set_print(nullptr); // see XdpProgram
  std::unique_ptr<tap_bpf, Destroy> skeleton(tap_bpf::open());
  if (!skeleton) return environment("the tc program cannot be opened: {}", errno_text(errno));
  auto& config = skeleton->rodata->config;
  config.tap_ifindex = options.tap_index;
  config.queues = options.queues;
  config.tunnels = options.tunnels ? 1 : 0;
  config.udp = options.udp ? 1 : 0;
  if (const int error = tap_bpf::load(skeleton.get()); error != 0) {
    return Error{
        error == -EPERM || error == -EACCES ? ExitCode::privilege : ExitCode::environment,
        fmt::format(
            "the kernel refuses to load the tc program: {}; it needs CAP_BPF, CAP_NET_ADMIN and "
            "CAP_PERFMON, and Linux 5.8 or later",
            errno_text(error))};
  }
  const FilterMaps maps{::bpf_map__fd(skeleton->maps.hosts4), ::bpf_map__fd(skeleton->maps.hosts6),
                        ::bpf_map__fd(skeleton->maps.ports), &skeleton->data_filter->switches};
  if (auto installed = install_filter(maps, filter); !installed)
    return std::move(installed).error();
  return TapProgram(std::move(skeleton), options.tap_index);
}

int TapProgram::attach_tcx(TcSide side, OwnedFd& link) {
  for (const AttachedProgram& other :
       tcx_programs(ifindex_, side).value_or(std::vector<AttachedProgram>{})) {
    if (other.name == tap_program_name) companions_.push_back(other.id);
  }
  const int fd = attach_tcx_first(ifindex_, side, program_fd());
  if (fd < 0) return -fd;
  link = OwnedFd(fd);
  return 0;
}

int TapProgram::attach_tcx() {
  int error = attach_tcx(TcSide::ingress, ingress_);
  if (error == 0 && !ingress_only_) error = attach_tcx(TcSide::egress, egress_);
  if (error != 0) ingress_.reset();
  return error;
}

bool TapProgram::preceded(TcSide side) const {
  const std::uint32_t own = program_id(program_fd());
  const auto row = tcx_programs(ifindex_, side);
  if (!row) return false;
  for (const AttachedProgram& program : *row) {
    if (program.id == own) return false;
    const bool is_capture =
        program.name == tap_program_name ||
        std::find(companions_.begin(), companions_.end(), program.id) != companions_.end();
    if (!is_capture) return true;
  }
  return false;
}

TapProgram::Standing TapProgram::standing() const {
  if (clsact_) {
    const ClsactPlace::Standing standing = clsact_->standing();
    return {standing.attached, standing.preceded};
  }
  Standing standing;
  standing.attached = attached_ifindex(ingress_.get()) != 0 &&
                      (ingress_only_ || attached_ifindex(egress_.get()) != 0);
  standing.preceded = preceded(TcSide::ingress) || (!ingress_only_ && preceded(TcSide::egress));
  return standing;
}

int TapProgram::attach_again() {
  if (clsact_) {
    auto place = ClsactPlace::attach(ifindex_, program_fd(), tap_index_, ingress_only_);
    if (!place) return place.error();
    place->made_qdisc |= clsact_->made_qdisc;
    clsact_ = *place;
    return 0;
  }
  int error = attached_ifindex(ingress_.get()) != 0 ? 0 : attach_tcx(TcSide::ingress, ingress_);
  if (error == 0 && !ingress_only_ && attached_ifindex(egress_.get()) == 0)
    error = attach_tcx(TcSide::egress, egress_);
  return error;
}

Result<std::string, Error> TapProgram::attach(unsigned ifindex, TapAttach how, bool ingress_only) {
  const int leftovers = remove_clsact_leftovers(ifindex);
  const std::string cleaned =
      leftovers == 0
          ? ""
          : fmt::format("; removed {} tc filters that a killed capture left behind", leftovers);
  ifindex_ = ifindex;
  ingress_only_ = ingress_only;
  const int tcx_error = how == TapAttach::best ? attach_tcx() : EOPNOTSUPP;
  if (tcx_error == 0) return "tcx links" + cleaned;
  auto place = ClsactPlace::attach(ifindex, program_fd(), tap_index_, ingress_only);
  if (!place) {
    return environment(
        "the tap cannot be attached: tcx says \"{}\" and clsact says \"{}\"; Linux with "
        "CONFIG_NET_CLS_ACT is needed",
        errno_text(tcx_error), errno_text(place.error()));
  }
  clsact_ = *place;
  return "clsact filters, as this kernel has no tcx links" + cleaned;
}

void TapProgram::detach() noexcept {
  ingress_.reset();
  egress_.reset();
  if (clsact_) clsact_->remove();
  clsact_.reset();
}

TapCounts TapProgram::counts() const {
  TapCounts sum;
  for (const auto& cpu :
       read_per_cpu<xdpcap_tap_counters>(::bpf_map__fd(skeleton_->maps.counters), 0)) {
    sum.seen += cpu.seen;
    sum.not_ip += cpu.not_ip;
    sum.not_tcp += cpu.not_tcp;
    sum.malformed += cpu.malformed;
    sum.filtered += cpu.filtered;
    sum.cloned += cpu.cloned;
    sum.clone_errors += cpu.clone_errors;
    sum.fragments += cpu.fragments;
    sum.tunnels += cpu.tunnels;
  }
  return sum;
}

int TapProgram::program_fd() const noexcept {
  return ::bpf_program__fd(skeleton_->progs.xdpcap_tap);
}

} // namespace xdpcap::capture
