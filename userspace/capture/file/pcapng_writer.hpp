#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"
#include "wire/frame.hpp"

namespace xdpcap::capture {

// An interface as the file describes it. Frame::interface is its index.
struct WrittenInterface {
  std::string name;
  wire::LinkType link = wire::LinkType::ethernet;
  std::uint32_t snap_length = 0; // 0: no limit
};

// Writes frames as pcapng (draft-ietf-opsawg-pcapng), with times in nanoseconds.
// Only its owner can read the file: it holds other people's secrets. Buffered;
// write() meets the disk once in two megabytes. One thread.
class PcapngWriter {
 public:
  // "-" is standard output. `application` is named in the file as its author.
  // Errors have ExitCode::output.
  static Result<PcapngWriter, Error> open(const std::string& path,
                                          std::span<const WrittenInterface> interfaces,
                                          const std::string& application = "xdpcap");
  ~PcapngWriter();
  PcapngWriter(PcapngWriter&&) noexcept = default;
  PcapngWriter& operator=(PcapngWriter&&) = delete;
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  // False where the frame will not be in the file: it is too large, its interface
  // or link type is not one of those given to open(), or the disk is full. After a
  // failure of the disk nothing is written any more; close() says why.
  [[nodiscard]] bool write(const wire::Frame& frame) noexcept;

  // Frames of which the kernel has every byte.
  [[nodiscard]] std::uint64_t frames_written() const noexcept { return frames_written_; }
  [[nodiscard]] bool failed() const noexcept { return failure_ != 0; }

  // Hands to the kernel what is buffered.
  [[nodiscard]] Result<void, Error> flush();
  // The same, and closes the file.
  [[nodiscard]] Result<void, Error> close();

 private:
  PcapngWriter(OwnedFd fd, std::string name);
  void begin(std::span<const WrittenInterface> interfaces, const std::string& application);
  void drain() noexcept;

  OwnedFd fd_;
  std::string name_; // for sentences
  int failure_ = 0;  // errno
  std::vector<wire::LinkType> links_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::uint64_t frames_buffered_ = 0, frames_written_ = 0;
};

} // namespace xdpcap::capture
