#include "capture/file_input.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace xdpcap::capture {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} * 1024;

Error cannot_open(const std::string& name, int error) {
  switch (error) {
    case ENOENT: return {ExitCode::input, fmt::format("{} does not exist; check the path", name)};
    case EACCES:
      return {ExitCode::input,
              fmt::format("{} may not be read by this user; run as its owner, or grant it with chmod +r", name)};
    default: return {ExitCode::input, fmt::format("{} cannot be read: {}", name, std::strerror(error))};
  }
}

} // namespace

Result<FileInput, Error> FileInput::open(const std::string& path) {
  if (path == "-") return FileInput{::dup(STDIN_FILENO), "standard input"};
  const std::string name = fmt::format("\"{}\"", path);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_open(name, errno);
  FileInput input{fd, name};
  struct stat status = {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    return Error{ExitCode::input, fmt::format("{} is a directory; name a capture file in it", name)};
  }
  return input;
}

FileInput::FileInput(int fd, std::string name) : fd_(fd), name_(std::move(name)), buffer_(kBufferBytes) {}

FileInput::~FileInput() {
  if (fd_ >= 0) ::close(fd_);
}

FileInput::FileInput(FileInput&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      failure_(other.failure_),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

FileInput& FileInput::operator=(FileInput&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(failure_, other.failure_);
  std::swap(name_, other.name_);
  std::swap(buffer_, other.buffer_);
  std::swap(begin_, other.begin_);
  std::swap(end_, other.end_);
  return *this;
}

bool FileInput::refill() noexcept {
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.data(), buffer_.size());
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

std::size_t FileInput::skip(std::size_t octets) noexcept {
  std::size_t done = 0;
  while (done < octets) {
    if (begin_ == end_ && !refill()) break;
    const std::size_t piece = std::min(octets - done, end_ - begin_);
    begin_ += piece;
    done += piece;
  }
  return done;
}

bool FileInput::rewind() noexcept {
  if (::lseek(fd_, 0, SEEK_SET) != 0) return false;
  begin_ = end_ = 0;
  failure_ = 0;
  return true;
}

} // namespace xdpcap::capture
