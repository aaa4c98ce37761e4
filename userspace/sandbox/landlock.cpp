#include "sandbox/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "core/owned_fd.hpp"

// Younger than the headers of Debian 12.
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

namespace xdpcap::sandbox {
namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite =
    kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
constexpr std::uint64_t kFileOnly = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                    LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_EXECUTE |
                                    LANDLOCK_ACCESS_FS_IOCTL_DEV;

// Everything that this version of the kernel knows is forbidden where no rule allows it.
std::uint64_t known_to(long version) {
  std::uint64_t rights = LANDLOCK_ACCESS_FS_REFER - 1; // the thirteen of the first version
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (version >= 5) rights |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
  return rights;
}

std::uint64_t rights_of(Place::Access access) {
  switch (access) {
    case Place::Access::read:
      return kRead;
    case Place::Access::write:
      return kWrite;
    case Place::Access::change:
      return kWrite | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;
    case Place::Access::remove:
      return LANDLOCK_ACCESS_FS_REMOVE_FILE;
    case Place::Access::remove_dirs:
      return LANDLOCK_ACCESS_FS_REMOVE_DIR;
  }
  return 0;
}

bool add(int ruleset, const Place& place, std::uint64_t known) {
  const OwnedFd fd{::open(place.path.c_str(), O_PATH | O_CLOEXEC)};
  if (!fd) return true; // what is not there needs no right
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return false;
  const std::uint64_t fitting = S_ISDIR(status.st_mode) ? known : known & kFileOnly;
  landlock_path_beneath_attr beneath{.allowed_access = rights_of(place.access) & fitting,
                                     .parent_fd = fd.get()};
  if (beneath.allowed_access == 0) return true;
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
}

} // namespace

Landlock restrict_files(const std::vector<Place>& places) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0},
                                 LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return Landlock::absent;
  const std::uint64_t known = known_to(version);
  const OwnedFd ruleset{
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &known, sizeof known, 0))};
  if (!ruleset) return Landlock::refused;
  for (const Place& place : places) {
    if (!add(ruleset.get(), place, known)) return Landlock::refused;
  }
  return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0 ? Landlock::restricted
                                                                      : Landlock::refused;
}

} // namespace xdpcap::sandbox
