#include "capture/file/file_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::size_t kReadBuffer = std::size_t{256} * 1024;

Error cannot_open(const std::string& name, int error) {
  switch (error) {
    case ENOENT:
      return {ExitCode::input, fmt::format("{} does not exist; check the path", name)};
    case EACCES:
      return {ExitCode::input,
              fmt::format(
                  "{} may not be read by this user; run as its owner, or grant it with chmod +r",
                  name)};
    default:
      return {ExitCode::input, fmt::format("{} cannot be read: {}", name, errno_text(error))};
  }
}

} // namespace

Result<FileInput, Error> FileInput::open(const std::string& path) {
  if (path == "-") return FileInput{OwnedFd{::dup(STDIN_FILENO)}, "standard input"};
  const std::string name = fmt::format("\"{}\"", path);
  OwnedFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return cannot_open(name, errno);
  struct stat status = {};
  if (::fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return Error{ExitCode::input,
                 fmt::format("{} is a directory; name a capture file in it", name)};
  }
  return FileInput{std::move(fd), name};
}

FileInput::FileInput(OwnedFd fd, std::string name)
    : fd_(std::move(fd)), name_(std::move(name)), buffer_(kReadBuffer) {}

bool FileInput::refill() noexcept {
  ssize_t got = 0;
  do {
    got = ::read(fd_.get(), buffer_.data(), buffer_.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) failure_ = errno;
  begin_ = 0;
  end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
  return got > 0;
}

std::size_t FileInput::read(std::span<std::byte> to) noexcept {
  std::size_t done = 0;
  while (done < to.size()) {
    if (begin_ == end_ && !refill()) break;
    const std::size_t piece = std::min(to.size() - done, end_ - begin_);
    std::memcpy(to.data() + done, buffer_.data() + begin_, piece);
    begin_ += piece;
    done += piece;
  }
  return done;
}

std::size_t FileInput::skip(std::size_t bytes) noexcept {
  std::size_t done = 0;
  while (done < bytes) {
    if (begin_ == end_ && !refill()) break;
    const std::size_t piece = std::min(bytes - done, end_ - begin_);
    begin_ += piece;
    done += piece;
  }
  return done;
}

bool FileInput::is_ready() const noexcept {
  if (begin_ != end_) return true;
  pollfd input{fd_.get(), POLLIN, 0};
  return ::poll(&input, 1, 0) != 0;
}

bool FileInput::rewind() noexcept {
  if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return false;
  begin_ = end_ = 0;
  failure_ = 0;
  return true;
}

} // namespace xdpcap::capture
