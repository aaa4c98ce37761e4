#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "capture/file/file_format.hpp"
#include "capture/file/file_input.hpp"
#include "core/error.hpp"
#include "core/result.hpp"
#include "wire/frame.hpp"

namespace xdpcap::capture {

// A capture file of either format, frame by frame. One thread.
class CaptureFile {
 public:
  // "-" is standard input. The error (ExitCode::input) says what is wrong: no
  // such file, not a capture, a link type that nothing here understands.
  static Result<CaptureFile, Error> open(const std::string& path);

  // The next frame, its bytes in `room`, which must have frame_bytes_max. `end` and `broken` stay.
  [[nodiscard]] ReadState next(std::span<std::byte> room, wire::Frame& frame);

  // A frame has at least begun to arrive, or the end has come: next() waits for the rest of it at
  // most.
  [[nodiscard]] bool is_ready() const noexcept { return over_.has_value() || input_.is_ready(); }

  // Back to the first frame. Standard input cannot.
  [[nodiscard]] Result<void, Error> rewind();

  // Those met so far; a pcapng file may describe more of them later on.
  [[nodiscard]] std::span<const FileInterface> interfaces() const noexcept;

  // After `broken`: a sentence for a person. The frames before it were good.
  [[nodiscard]] std::optional<Error> trouble() const;

 private:
  using Format = std::variant<PcapFormat, PcapngFormat>;
  CaptureFile(FileInput input, Format format)
      : input_(std::move(input)), format_(std::move(format)) {}
  static Result<Format, Error> begin(FileInput& input);

  FileInput input_;
  Format format_;
  std::optional<ReadState> over_; // how it ended
};

} // namespace xdpcap::capture
