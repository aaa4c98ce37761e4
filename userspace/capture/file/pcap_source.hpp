#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "capture/file/capture_file.hpp"
#include "core/error.hpp"
#include "core/instant.hpp"
#include "core/region.hpp"
#include "core/result.hpp"
#include "wire/frame.hpp"

namespace xdpcap::capture {

// The frames of a file that were read together. Borrowed from their source, and
// good until it is asked again.
class FileBurst {
 public:
  FileBurst(std::span<const wire::Frame> frames, Instant now) noexcept
      : frames_(frames), now_(now) {}

  [[nodiscard]] std::span<const wire::Frame> frames() const& noexcept { return frames_; }
  void frames() const&& = delete; // they would not outlive the statement
  [[nodiscard]] Instant now() const noexcept { return now_; }

 private:
  std::span<const wire::Frame> frames_;
  Instant now_;
};

// The clock of a source that plays the same frames several times. The packet
// clock must not go back, so each round is dated behind the one before it.
class RoundClock {
 public:
  // Longer than any time-out: a round finds no connection of the one before.
  static constexpr Duration pause = std::chrono::hours(1);

  // The instant of a frame in this round.
  [[nodiscard]] Instant of(Instant recorded) noexcept;
  // The latest instant so far.
  [[nodiscard]] Instant now() const noexcept { return now_; }
  void next_round() noexcept;

 private:
  std::optional<Instant> first_; // as recorded
  bool round_begun_ = false;
  Duration shift_{};
  Instant now_;
};

// A capture file as a FrameSource: pcap and pcapng, read as it goes, never whole
// in memory. One thread. Never allocates on the way, but where a pcapng file
// describes an interface.
class PcapSource {
 public:
  using Burst = FileBurst;
  static constexpr std::size_t burst_max = 64;

  // See CaptureFile::open().
  static Result<PcapSource, Error> open(const std::string& path);

  // Up to burst_max frames, fewer where a pipe has no more for now; none at the end.
  [[nodiscard]] Burst receive() noexcept;
  [[nodiscard]] bool is_ready() const noexcept { return !finished_ && file_.is_ready(); }
  [[nodiscard]] bool finished() const noexcept { return finished_; }

  // After finished(): why the file ended where it should not have. The frames
  // before that were handed out.
  [[nodiscard]] std::optional<Error> trouble() const { return file_.trouble(); }

  // Plays the file again; false where it cannot be (standard input).
  [[nodiscard]] bool rewind();

  [[nodiscard]] std::span<const FileInterface> interfaces() const noexcept {
    return file_.interfaces();
  }

 private:
  explicit PcapSource(CaptureFile file);

  CaptureFile file_;
  Region room_; // the bytes of a burst
  std::array<wire::Frame, burst_max> frames_;
  RoundClock clock_;
  bool finished_ = false;
};

} // namespace xdpcap::capture
