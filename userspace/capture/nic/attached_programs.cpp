#include "capture/nic/attached_programs.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "capture/tap/clsact.hpp"
#include "core/errors.hpp"
#include "core/owned_fd.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::size_t kProgramsMax = 64; // the kernel's own limit (BPF_MPROG_MAX)

// Of linux/bpf.h 6.6; Debian 12's is older.
constexpr std::uint32_t kTcxIngress = 46, kTcxEgress = 47;
constexpr std::uint32_t kBefore = 1U << 3, kAfter = 1U << 4, kById = 1U << 5;
struct LinkCreate {
  std::uint32_t program_fd, ifindex, attach_type, flags;
  std::uint32_t relative_id, unused;
  std::uint64_t expected_revision;
};
struct LinkInfo {
  std::uint32_t type, id, program_id, unused;
  std::uint32_t ifindex, attach_type;
  std::uint64_t rest[4];
};

std::uint32_t attach_type_of(TcSide side) {
  return side == TcSide::ingress ? kTcxIngress : kTcxEgress;
}

std::string name_of_program(std::uint32_t id) {
  const OwnedFd fd(::bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  return fd && ::bpf_obj_get_info_by_fd(fd.get(), &info, &length) == 0 ? info.name : "";
}

std::string phrase(const char* what, const AttachedProgram& program) {
  return fmt::format("{} {} (id {})", what,
                     program.name.empty() ? "with an unreadable name" : program.name, program.id);
}

} // namespace

std::optional<AttachedProgram> attached_xdp_program(unsigned ifindex) {
  bpf_xdp_query_opts query{};
  query.sz = sizeof query;
  if (::bpf_xdp_query(static_cast<int>(ifindex), 0, &query) != 0) return std::nullopt;
  AttachedProgram program;
  for (const std::uint32_t id :
       {query.prog_id, query.drv_prog_id, query.skb_prog_id, query.hw_prog_id}) {
    if (program.id == 0) program.id = id;
  }
  if (program.id == 0) return std::nullopt;
  program.name = name_of_program(program.id);
  return program;
}

std::optional<std::vector<AttachedProgram>> tcx_programs(unsigned ifindex, TcSide side) {
  std::array<std::uint32_t, kProgramsMax> ids{};
  struct bpf_prog_query_opts query {}; // the function has the same name
  query.sz = sizeof query;
  query.prog_ids = ids.data();
  query.prog_cnt = kProgramsMax;
  const int error = ::bpf_prog_query_opts(
      static_cast<int>(ifindex), static_cast<bpf_attach_type>(attach_type_of(side)), &query);
  if (error == -EINVAL || error == -ENOENT) return std::vector<AttachedProgram>{};
  if (error != 0) return std::nullopt;
  std::vector<AttachedProgram> programs;
  for (std::uint32_t i = 0; i < query.prog_cnt && i < kProgramsMax; ++i) {
    programs.push_back({ids[i], name_of_program(ids[i])});
  }
  return programs;
}

std::vector<std::string> programs_of_others(unsigned ifindex) {
  std::vector<std::string> phrases;
  if (const auto xdp = attached_xdp_program(ifindex))
    phrases.push_back(phrase("the XDP program", *xdp));
  for (const TcSide side : {TcSide::ingress, TcSide::egress}) {
    for (const AttachedProgram& program :
         tcx_programs(ifindex, side).value_or(std::vector<AttachedProgram>{})) {
      if (program.name == tap_program_name) continue;
      phrases.push_back(
          phrase(side == TcSide::ingress ? "the tcx program (ingress)" : "the tcx program (egress)",
                 program));
    }
  }
  if (const int filters = foreign_clsact_filters(ifindex); filters > 0) {
    phrases.push_back(filters == 1 ? "a tc filter" : fmt::format("{} tc filters", filters));
  }
  return phrases;
}

int attach_tcx_first(unsigned ifindex, TcSide side, int program_fd) {
  LinkCreate request{};
  request.program_fd = static_cast<std::uint32_t>(program_fd);
  request.ifindex = ifindex;
  request.attach_type = attach_type_of(side);
  request.flags = kBefore;
  for (const AttachedProgram& program :
       tcx_programs(ifindex, side).value_or(std::vector<AttachedProgram>{})) {
    if (program.name != tap_program_name) break;
    request.flags = kAfter | kById;
    request.relative_id = program.id;
  }
  const auto create = [&] {
    const long fd = ::syscall(__NR_bpf, BPF_LINK_CREATE, &request, sizeof request);
    return fd < 0 ? -errno : static_cast<int>(fd);
  };
  int fd = create();
  if (fd < 0 && request.relative_id != 0) { // that one has ended meanwhile
    request.flags = kBefore;
    request.relative_id = 0;
    fd = create();
  }
  return fd;
}

unsigned attached_ifindex(int link_fd) {
  LinkInfo info{};
  std::uint32_t length = sizeof info;
  return ::bpf_obj_get_info_by_fd(link_fd, &info, &length) == 0 ? info.ifindex : 0;
}

std::uint32_t program_id(int program_fd) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  return ::bpf_obj_get_info_by_fd(program_fd, &info, &length) == 0 ? info.id : 0;
}

} // namespace xdpcap::capture
