#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/check.hpp"
#include "core/instant.hpp"

namespace xdpcap::tcp {

// A timing wheel (Varghese and Lauck) over records that are named by a slot and
// carry the links themselves. A record is not moved when its connection is
// heard of: whoever looks at a due record compares its last time and puts it
// back (lazy re-arm), so a packet costs the wheel nothing. One thread.
//
// `LinksOf(slot)` answers a reference to something with `wheel_next` and
// `wheel_previous`; slots from `sentinels_from` on are the wheel's own.
template <class LinksOf>
class IdleWheel {
 public:
  static constexpr Duration kTick = std::chrono::seconds{1};
  static constexpr std::uint32_t kSpokes =
      512; // power of two; longer delays are put back on the way

  IdleWheel(LinksOf links_of, std::uint32_t sentinels_from)
      : links_of_(links_of), base_(sentinels_from) {
    for (std::uint32_t spoke = 0; spoke < kSpokes; ++spoke)
      sentinels_[spoke] = {base_ + spoke, base_ + spoke};
  }

  // Puts a record that is on no spoke onto the one that is due at `due`.
  void arm(std::uint32_t slot, Instant due) noexcept {
    XDPCAP_CHECK(slot < base_);
    XDPCAP_DCHECK(!is_linked(slot));
    const std::int64_t tick = std::clamp(tick_of(due), current_ + 1, current_ + kSpokes - 1);
    const std::uint32_t sentinel = base_ + static_cast<std::uint32_t>(tick & (kSpokes - 1));
    const std::uint32_t last = previous(sentinel);
    next(slot) = sentinel;
    previous(slot) = last;
    next(last) = slot;
    previous(sentinel) = slot;
    XDPCAP_DCHECK(is_linked(slot));
  }

  // Takes a record off its spoke.
  void disarm(std::uint32_t slot) noexcept {
    XDPCAP_CHECK(slot < base_ && is_linked(slot));
    next(previous(slot)) = next(slot);
    previous(next(slot)) = previous(slot);
  }

  // Turns the wheel to `now` and takes every record of the spokes that it passes
  // off the wheel and hands it to `due(slot)`, which arms it again or forgets it.
  template <class Due>
  void turn(Instant now, Due&& due) noexcept {
    const std::int64_t target = tick_of(now);
    XDPCAP_CHECK(current_ == kNever || target > current_); // next_turn() has come
    if (current_ == kNever || target - current_ > kSpokes)
      current_ = std::max(current_, target - kSpokes);
    while (current_ < target) {
      ++current_;
      // What is armed meanwhile lands on other spokes, so this list only shrinks.
      for (const std::uint32_t sentinel =
               base_ + static_cast<std::uint32_t>(current_ & (kSpokes - 1));
           next(sentinel) != sentinel;) {
        const std::uint32_t slot = next(sentinel);
        disarm(slot);
        due(slot);
      }
    }
  }

  // Visits records in the order in which they are due, while `visit(slot)`
  // answers true. The visitor must not change the wheel.
  template <class Visit>
  void in_order(Visit&& visit) const noexcept {
    for (std::int64_t tick = current_ + 1; tick < current_ + kSpokes; ++tick) {
      const std::uint32_t sentinel = base_ + static_cast<std::uint32_t>(tick & (kSpokes - 1));
      for (std::uint32_t slot = sentinels_[sentinel - base_].wheel_next; slot != sentinel;
           slot = links_of_(slot).wheel_next) {
        if (!visit(slot)) return;
      }
    }
  }

  // When the next spoke is passed.
  [[nodiscard]] Instant next_turn() const noexcept {
    return current_ == kNever ? Instant::min() : Instant{(current_ + 1) * kTick};
  }

 private:
  struct Sentinel {
    std::uint32_t wheel_next, wheel_previous;
  };
  static constexpr std::int64_t kNever = INT64_MIN / 4;

  static std::int64_t tick_of(Instant at) noexcept { return at.time_since_epoch() / kTick; }
  // Its neighbours point to it. The links of one that was never armed are 0.
  bool is_linked(std::uint32_t slot) noexcept {
    return previous(slot) != slot && next(previous(slot)) == slot && previous(next(slot)) == slot;
  }
  std::uint32_t& next(std::uint32_t slot) noexcept {
    return slot >= base_ ? sentinels_[slot - base_].wheel_next : links_of_(slot).wheel_next;
  }
  std::uint32_t& previous(std::uint32_t slot) noexcept {
    return slot >= base_ ? sentinels_[slot - base_].wheel_previous : links_of_(slot).wheel_previous;
  }

  LinksOf links_of_;
  std::uint32_t base_;
  std::int64_t current_ = kNever;
  std::array<Sentinel, kSpokes> sentinels_{};
};

} // namespace xdpcap::tcp
