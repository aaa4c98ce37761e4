#include "capture/file/pcapng_writer.hpp"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "capture/file/file_format.hpp"
#include "capture/file/link_numbers.hpp"
#include "core/errors.hpp"
#include "core/live_clock.hpp"
#include "core/private_file.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::size_t kWriteBuffer = 2 * frame_bytes_max;
// Type, length, interface, time in two halves, captured and original length; and
// the length again behind the padded packet.
constexpr std::size_t kPacketHeader = 28, kPacketOverhead = 32;

std::size_t padded(std::size_t bytes) {
  return (bytes + 3) & ~std::size_t{3};
}

// A block of the head of the file, put together at leisure.
class BlockBuilder {
 public:
  explicit BlockBuilder(std::uint32_t type) { add(type).add(std::uint32_t{0}); }

  template <class T>
  BlockBuilder& add(T value) {
    const auto* at = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), at, at + sizeof value);
    return *this;
  }
  BlockBuilder& option(std::uint16_t code, std::string_view value) {
    if (value.empty()) return *this;
    value = value.substr(0, UINT16_MAX);
    add(code).add(static_cast<std::uint16_t>(value.size()));
    const Bytes bytes = as_bytes(value);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    bytes_.resize(padded(bytes_.size()));
    return *this;
  }
  std::vector<std::byte> end() {
    add(std::uint32_t{0}); // the end of the options
    const auto total = static_cast<std::uint32_t>(bytes_.size() + 4);
    add(total);
    std::memcpy(bytes_.data() + 4, &total, sizeof total);
    return bytes_;
  }

 private:
  std::vector<std::byte> bytes_;
};

Error cannot_write(const std::string& name, int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return {ExitCode::output,
              fmt::format("{} is cut short: the disk is full; free some space or write to another "
                          "place",
                          name)};
    case EPIPE:
      return {ExitCode::output, fmt::format("{} is cut short: nobody reads it any more", name)};
    default:
      return {ExitCode::output, fmt::format("{} cannot be written: {}", name, errno_text(error))};
  }
}

} // namespace

Result<PcapngWriter, Error> PcapngWriter::open(const std::string& path,
                                               std::span<const WrittenInterface> interfaces,
                                               const std::string& application) {
  const bool to_output = path == "-";
  const std::string name = to_output ? "standard output" : fmt::format("\"{}\"", path);
  OwnedFd fd;
  if (to_output) {
    fd = OwnedFd{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)};
    if (!fd) return cannot_write(name, errno);
  } else {
    Result<OwnedFd, Error> opened = open_private(path, Existing::truncate);
    if (!opened) return std::move(opened).error();
    fd = std::move(*opened);
  }
  PcapngWriter writer{std::move(fd), name};
  writer.begin(interfaces, application);
  // A disk that is full already shows here, and not an hour later.
  if (Result<void, Error> flushed = writer.flush(); !flushed.ok())
    return std::move(flushed).error();
  return writer;
}

PcapngWriter::PcapngWriter(OwnedFd fd, std::string name)
    : fd_(std::move(fd)), name_(std::move(name)), buffer_(kWriteBuffer) {}

PcapngWriter::~PcapngWriter() {
  drain();
}

void PcapngWriter::begin(std::span<const WrittenInterface> interfaces,
                         const std::string& application) {
  enum : std::uint16_t { kHardware = 2, kSystem = 3, kApplication = 4, kName = 2, kResolution = 9 };
  struct utsname system = {};
  ::uname(&system);
  std::vector<std::byte> head =
      BlockBuilder(0x0a0d0d0a)
          .add(std::uint32_t{0x1a2b3c4d})
          .add(std::uint16_t{1})
          .add(std::uint16_t{0})
          .add(std::int64_t{-1}) // the length of the section is not known yet
          .option(kHardware, system.machine)
          .option(kSystem, fmt::format("{} {}", system.sysname, system.release))
          .option(kApplication, application)
          .end();
  for (const WrittenInterface& interface : interfaces) {
    const std::vector<std::byte> block = BlockBuilder(1)
                                             .add(number_of_link(interface.link))
                                             .add(std::uint16_t{0})
                                             .add(interface.snap_length)
                                             .option(kName, interface.name)
                                             .option(kResolution, "\x09")
                                             .end();
    head.insert(head.end(), block.begin(), block.end());
    links_.push_back(interface.link);
  }
  if (head.size() > buffer_.size()) buffer_.resize(head.size());
  std::copy(head.begin(), head.end(), buffer_.begin());
  used_ = head.size();
}

bool PcapngWriter::write(const wire::Frame& frame) noexcept {
  const std::size_t total = kPacketOverhead + padded(frame.bytes.size());
  if (total > buffer_.size() || frame.interface >= links_.size() ||
      links_[frame.interface] != frame.link)
    return false;
  if (total > buffer_.size() - used_) drain();
  if (failure_ != 0 || !fd_) return false;

  const std::uint64_t ns = utc_ns(frame.arrived);
  const std::uint32_t header[] = {
      6,
      static_cast<std::uint32_t>(total),
      frame.interface,
      static_cast<std::uint32_t>(ns >> 32),
      static_cast<std::uint32_t>(ns),
      static_cast<std::uint32_t>(frame.bytes.size()),
      std::max(frame.wire_length, static_cast<std::uint32_t>(frame.bytes.size()))};
  static_assert(sizeof header == kPacketHeader);
  std::byte* at = buffer_.data() + used_;
  std::memcpy(at, header, sizeof header);
  if (!frame.bytes.empty()) std::memcpy(at + kPacketHeader, frame.bytes.data(), frame.bytes.size());
  const std::size_t end = kPacketHeader + padded(frame.bytes.size());
  std::memset(at + kPacketHeader + frame.bytes.size(), 0, end - kPacketHeader - frame.bytes.size());
  std::memcpy(at + end, &header[1], sizeof header[1]);
  used_ += total;
  ++frames_buffered_;
  return true;
}

void PcapngWriter::drain() noexcept {
  std::size_t done = 0;
  while (fd_ && failure_ == 0 && done < used_) {
    const ssize_t written = ::write(fd_.get(), buffer_.data() + done, used_ - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
  // Where the disk became full in the middle of them, those before that are not looked for.
  if (fd_ && failure_ == 0) frames_written_ += frames_buffered_;
  frames_buffered_ = 0;
  used_ = 0;
}

Result<void, Error> PcapngWriter::flush() {
  drain();
  if (failure_ != 0) return cannot_write(name_, failure_);
  return {};
}

Result<void, Error> PcapngWriter::close() {
  drain();
  // Some file systems say only here that there was no room.
  const int fd = fd_.release();
  if (fd >= 0 && ::close(fd) != 0 && failure_ == 0) failure_ = errno;
  if (failure_ != 0) return cannot_write(name_, failure_);
  return {};
}

} // namespace xdpcap::capture
