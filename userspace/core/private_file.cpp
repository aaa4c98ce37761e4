#include "core/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace xdpcap {
namespace {

Error refused(const std::string& path, const std::string& why) {
  return {ExitCode::output, "\"" + path + "\" " + why};
}

Error cannot_open(const std::string& path, int error) {
  switch (error) {
    case ELOOP:
      return refused(path, "is a symbolic link, which is not followed; name the file it points to");
    case ENOENT:
      return refused(path, "cannot be created: its directory does not exist");
    case EACCES:
    case EROFS:
    case EPERM:
      return refused(path, "cannot be created: this user may not write there");
    default:
      return refused(path, "cannot be created: " + std::generic_category().message(error));
  }
}

// Of a regular file that is open already, so that nobody can exchange it meanwhile.
Result<void, Error> make_private(const std::string& path, int fd, const struct stat& status) {
  if (status.st_uid != ::geteuid()) {
    return refused(
        path, "belongs to another user, who could read it; remove it, or write to another place");
  }
  if (status.st_nlink != 1) {
    return refused(path, "has a second name (a hard link); remove it, or write to another place");
  }
  if ((status.st_mode & 07777) != 0600 && ::fchmod(fd, 0600) != 0) return cannot_open(path, errno);
  return {};
}

} // namespace

Result<OwnedFd, Error> open_private(const std::string& path, Existing existing) {
  OwnedFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600)};
  if (!fd) return cannot_open(path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return cannot_open(path, errno);
  if (!S_ISREG(status.st_mode)) return fd;
  if (auto made = make_private(path, fd.get(), status); !made) return std::move(made).error();
  if (existing == Existing::truncate && ::ftruncate(fd.get(), 0) != 0)
    return cannot_open(path, errno);
  return fd;
}

} // namespace xdpcap
