#include "sandbox/seccomp_filter.hpp"

#include <linux/bpf.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace xdpcap::sandbox {
namespace {

// systemd's @system-service without what starts programs, changes users or reaches into others:
// https://www.freedesktop.org/software/systemd/man/systemd.exec.html#SystemCallFilter=
constexpr std::array kAllowed{
    // Files that are open, or that Landlock lets through.
    "access", "close", "close_range", "copy_file_range", "dup", "dup2", "dup3", "faccessat",
    "faccessat2", "fadvise64", "fallocate", "fchmod", "fchmodat", "fchown", "fchownat", "fcntl",
    "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents",
    "getdents64", "ioctl", "link", "linkat", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat",
    "open", "openat", "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev",
    "pwritev2", "read", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2",
    "rmdir", "sendfile", "splice", "stat", "statfs", "statx", "sync_file_range", "tee", "umask",
    "unlink", "unlinkat", "utimensat", "write", "writev",
    // Sockets that are open.
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    "socketpair",
    // Waiting.
    "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "futex",
    "gettimeofday", "inotify_add_watch", "inotify_init1", "inotify_rm_watch", "nanosleep", "pause",
    "poll", "ppoll", "pselect6", "restart_syscall", "select", "signalfd", "signalfd4", "time",
    "timerfd_create", "timerfd_gettime", "timerfd_settime",
    // Memory, threads, signals, facts.
    "arch_prctl", "brk", "exit", "exit_group", "get_mempolicy", "get_robust_list", "getcpu",
    "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpid", "getppid",
    "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "getsid",
    "gettid", "getuid", "capget", "madvise", "mbind", "membarrier", "mincore", "mlock", "mlock2",
    "mlockall", "mmap", "mprotect", "mremap", "msync", "munlock", "munlockall", "munmap", "prctl",
    "prlimit64", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "sched_get_priority_max", "sched_get_priority_min",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "setpriority",
    "sched_yield", "set_robust_list", "set_tid_address", "setitimer", "getitimer", "alarm",
    "sigaltstack", "sysinfo", "times", "uname", "wait4", "waitid",
    // To confine a thread that this one starts further.
    "capset", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "seccomp"};

constexpr std::array kLocalFamilies{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
constexpr std::array kCaptureFamilies{44 /* AF_XDP */, AF_PACKET};
// Commands on maps and links that are open; what makes new ones is for `capture`.
constexpr std::array kMapCommands{BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM,
                                  BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD};

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), seccomp_release) {}

  void allow(const char* name) {
    // A call that this processor or library does not have is none that could be made.
    if (const int number = seccomp_syscall_resolve_name(name); number != __NR_SCMP_ERROR) {
      keep(seccomp_rule_add(context_.get(), SCMP_ACT_ALLOW, number, 0));
    }
  }
  // Only with this value as an argument.
  void allow(const char* name, unsigned argument, std::uint64_t value,
             std::uint64_t mask = UINT32_MAX) {
    const scmp_arg_cmp compare{argument, SCMP_CMP_MASKED_EQ, mask, value};
    keep(seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name),
                                1, &compare));
  }

  [[nodiscard]] Seccomp load() {
    if (context_ == nullptr || failed_) return Seccomp::refused;
    (void)seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE,
                           2); // a binary tree: every call walks it
    const int answer = seccomp_load(context_.get());
    return answer == 0                              ? Seccomp::filtered
           : answer == -ENOSYS || answer == -EINVAL ? Seccomp::absent
                                                    : Seccomp::refused;
  }

 private:
  void keep(int answer) { failed_ = failed_ || answer < 0; }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  bool failed_ = false;
};

} // namespace

Seccomp filter_system_calls(const Rights& rights) {
  Filter filter;
  for (const char* name : kAllowed) filter.allow(name);
  // Threads, but no processes. clone3 hides its flags in memory: the library then takes clone.
  filter.allow("clone", 0, CLONE_THREAD, CLONE_THREAD);
  filter.allow("tgkill", 0, static_cast<std::uint64_t>(::getpid()));
  if (rights.leak_check) {
    filter.allow("clone", 0, CLONE_UNTRACED, CLONE_UNTRACED);
    filter.allow("ptrace");
  }
  if (rights.sockets) {
    for (const int family : kLocalFamilies)
      filter.allow("socket", 0, static_cast<std::uint64_t>(family));
  }
  if (rights.namespaces) filter.allow("setns");
  if (rights.capture) {
    for (const int family : kCaptureFamilies)
      filter.allow("socket", 0, static_cast<std::uint64_t>(family));
    filter.allow("bpf");
  } else {
    for (const bpf_cmd command : kMapCommands)
      filter.allow("bpf", 0, static_cast<std::uint64_t>(command));
  }
  return filter.load();
}

} // namespace xdpcap::sandbox
