#include "sandbox/sandbox.hpp"

#include <cap-ng.h>
#include <fmt/core.h>
#include <grp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "sandbox/landlock.hpp"
#include "sandbox/seccomp_filter.hpp"

namespace xdpcap::sandbox {
namespace {

// Being uid 0 is worth no capability, and changing the uid neither gives nor takes one.
constexpr unsigned long kSecureBits =
    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
    SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

Error refused(const char* what) {
  return {ExitCode::privilege, fmt::format("Cannot {} ({}).", what, std::strerror(errno))};
}

// What a program started by this thread might get. Only who has CAP_SETPCAP may change it; for
// the others no_new_privs has the same effect.
void shut_the_way_back() {
  capng_get_caps_process();
  if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1) {
    for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
         ++capability) {
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    ::prctl(PR_SET_SECUREBITS, kSecureBits, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

// The system calls themselves: those of the C library would change every thread, also one that has
// no capability to do so any more.
Result<void, Error> become(const User& user) {
  uid_t real = 0, effective = 0, saved = 0;
  if (::getresuid(&real, &effective, &saved) != 0) return refused("ask who it is");
  if (real == user.uid && effective == user.uid && saved == user.uid)
    return {}; // by the thread that started this one
  if (::syscall(SYS_setgroups, 0, nullptr) != 0 ||
      ::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0 ||
      ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) {
    return refused("become another user, which only root may");
  }
  return {};
}

Result<void, Error> keep_capabilities(const std::vector<unsigned>& wanted) {
  capng_get_caps_process();
  std::vector<unsigned> kept;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(kept), [](unsigned capability) {
    return capng_have_capability(CAPNG_PERMITTED, capability) == 1;
  });
  capng_clear(CAPNG_SELECT_CAPS);
  for (const unsigned capability : kept) {
    capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                  capability, -1);
  }
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return refused("give up capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("set no_new_privs");
  return {};
}

} // namespace

bool has_any_capability() {
  capng_get_caps_process();
  return capng_have_capabilities(CAPNG_SELECT_CAPS) > CAPNG_NONE;
}

Result<void, Error> drop_all_privileges() {
  shut_the_way_back();
  return keep_capabilities({});
}

Result<std::vector<std::string>, Error> confine(const Rights& rights) {
  shut_the_way_back();
  if (rights.user) {
    if (auto became = become(*rights.user); !became) return std::move(became).error();
  }
  if (auto kept = keep_capabilities(rights.capabilities); !kept) return std::move(kept).error();
  std::vector<std::string> notes;
  switch (rights.every_file ? Landlock::restricted : restrict_files(rights.places)) {
    case Landlock::restricted:
      break;
    case Landlock::absent:
      notes.emplace_back(
          "this kernel has no Landlock: files stay within reach as far as the user may");
      break;
    case Landlock::refused:
      return refused("limit access to files by Landlock");
  }
  switch (rights.every_call ? Seccomp::filtered : filter_system_calls(rights)) {
    case Seccomp::filtered:
      break;
    case Seccomp::absent:
      notes.emplace_back(
          "this kernel has no seccomp filters: every system call stays within reach");
      break;
    case Seccomp::refused:
      return refused("filter system calls by seccomp");
  }
  return notes;
}

void confine_or_abort(const Rights& rights) noexcept {
  const auto confined = confine(rights);
  if (confined.ok()) return;
  (void)std::fprintf(stderr, "%s\n", confined.error().message.c_str());
  std::abort();
}

} // namespace xdpcap::sandbox
