#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "capture/file/pcap_source.hpp"

// Capture files of any content. A file opens or says why not; its frames are as
// long as they say, the clock never goes back, and what is played again is the same.

using namespace xdpcap;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Summary {
  std::size_t frames = 0, bytes = 0;
  unsigned sum = 0;

  friend bool operator==(const Summary&, const Summary&) = default;
};

Summary read_all(capture::PcapSource& source) {
  Summary summary;
  Instant now;
  while (!source.finished()) {
    const auto burst = source.receive();
    require(burst.now() >= now);
    now = burst.now();
    for (const wire::Frame& frame : burst.frames()) {
      require(frame.wire_length >= frame.bytes.size());
      require(frame.arrived <= now);
      require(frame.interface < source.interfaces().size());
      for (const std::byte byte : frame.bytes) summary.sum += std::to_integer<unsigned>(byte);
      summary.bytes += frame.bytes.size();
      ++summary.frames;
    }
  }
  const auto trouble = source.trouble();
  require(!trouble || !trouble->message.empty());
  return summary;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int fd = ::memfd_create("capture", MFD_CLOEXEC);
  require(::ftruncate(fd, 0) == 0 && ::pwrite(fd, data, size, 0) == static_cast<ssize_t>(size));
  auto source = capture::PcapSource::open("/proc/self/fd/" + std::to_string(fd));
  if (!source.ok()) {
    require(!source.error().message.empty() && source.error().code == ExitCode::input);
    return 0;
  }
  const Summary first = read_all(*source);
  require(source->rewind());
  require(read_all(*source) == first);
  return 0;
}
