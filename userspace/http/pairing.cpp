#include "http/pairing.hpp"

#include <algorithm>
#include <new>

#include "core/check.hpp"

namespace xdpcap::http {
namespace {

// The slab behind the front: a ring of kinds, one byte each.
struct Back {
  std::uint32_t first = 0;
  std::uint32_t size = 0;
};

Back& back_in(SlabPool& slabs, std::uint32_t slab) noexcept {
  return *std::launder(reinterpret_cast<Back*>(slabs.at(slab)));
}
std::uint32_t back_room(const SlabPool& slabs) noexcept {
  return static_cast<std::uint32_t>(slabs.slab_bytes() - sizeof(Back));
}
std::byte& kind_at(SlabPool& slabs, std::uint32_t slab, std::uint32_t position) noexcept {
  return slabs.at(slab)[sizeof(Back) + position % back_room(slabs)];
}

} // namespace

std::uint32_t Pairing::on_request(RequestKind kind, bool reacting, SlabPool& slabs,
                                  bool& tracked) noexcept {
  if (uncertain_ && reacting) {
    forget_all_but(0, slabs);
    uncertain_ = false;
  }
  if (outstanding() <= 0) untracked_ = 0; // in step again, also after too many to count
  const std::uint32_t index = requests_++;
  tracked =
      outstanding() <= 0 || push(kind, slabs); // not above 0: its response was there before it
  XDPCAP_DCHECK(is_sound(slabs));
  return index;
}

Pairing::Answered Pairing::on_response(bool behind_loss, SlabPool& slabs) noexcept {
  if (behind_loss) {
    if (outstanding() > 1 && !pipelines_) forget_all_but(1, slabs);
    uncertain_ = outstanding() > 1;
  } else if (outstanding() > 1 && !uncertain_) {
    pipelines_ = true;
  }
  Answered answered{.index = responses_,
                    .request = RequestKind::plain,
                    .known = outstanding() > 0 && !uncertain_};
  if (outstanding() > 0) {
    answered.request = pop(slabs);
  } else if (requests_may_lack_) {
    requests_ = responses_ + 1;
  }
  ++responses_;
  XDPCAP_DCHECK(is_sound(slabs));
  return answered;
}

Pairing::Answered Pairing::on_interim() const noexcept {
  const bool known = outstanding() > 0;
  const bool remembered = known && front_size_ > 0;
  return {responses_, remembered ? static_cast<RequestKind>(front_ & 3) : RequestKind::plain,
          known && !uncertain_};
}

void Pairing::on_requests_lost() noexcept {
  requests_may_lack_ = true;
  if (outstanding() < 0) {
    requests_ = responses_; // it was the answers to the lost ones that came unasked
  } else if (outstanding() > 0) {
    uncertain_ = true;
  }
}

void Pairing::release(SlabPool& slabs) noexcept {
  if (back_ != 0) slabs.release(back_ - 1);
  *this = Pairing{};
}

bool Pairing::is_sound(SlabPool& slabs) const noexcept {
  const std::uint32_t behind = back_ == 0 ? 0 : back_in(slabs, back_ - 1).size;
  if (front_size_ > kFrontMax || behind > back_room(slabs)) return false;
  if (back_ != 0 && (behind == 0 || front_size_ == 0)) return false;
  if (untracked_ == UINT16_MAX || outstanding() <= 0) return true;
  return static_cast<std::uint32_t>(outstanding()) == front_size_ + behind + untracked_;
}

void Pairing::forget_all_but(std::int32_t newest, SlabPool& slabs) noexcept {
  while (outstanding() > newest) {
    static_cast<void>(pop(slabs));
    ++responses_;
  }
}

bool Pairing::push(RequestKind kind, SlabPool& slabs) noexcept {
  XDPCAP_DCHECK(kind <= RequestKind::connect);
  const auto bits = static_cast<std::uint64_t>(kind);
  if (untracked_ == 0 && back_ == 0 && front_size_ < kFrontMax) {
    front_ |= bits << (2 * front_size_++);
    return true;
  }
  if (untracked_ == 0 && back_ == 0) {
    const SlabPool::Index slab = slabs.allocate();
    if (slab != SlabPool::none) {
      back_ = slab + 1;
      new (slabs.at(slab)) Back{};
    }
  }
  // Nothing is remembered behind one that is not: kinds would go to the wrong ones.
  if (untracked_ != 0 || back_ == 0 || back_in(slabs, back_ - 1).size == back_room(slabs)) {
    if (untracked_ != UINT16_MAX) ++untracked_;
    return false;
  }
  Back& back = back_in(slabs, back_ - 1);
  kind_at(slabs, back_ - 1, back.first + back.size++) = static_cast<std::byte>(kind);
  return true;
}

RequestKind Pairing::pop(SlabPool& slabs) noexcept {
  if (front_size_ == 0) {
    if (untracked_ > 0 && untracked_ != UINT16_MAX) --untracked_;
    return RequestKind::plain;
  }
  const auto kind = static_cast<RequestKind>(front_ & 3);
  front_ >>= 2;
  if (--front_size_ == 0 && back_ != 0) refill_front(slabs);
  return kind;
}

void Pairing::refill_front(SlabPool& slabs) noexcept {
  XDPCAP_CHECK(back_ != 0 && front_size_ == 0);
  Back& back = back_in(slabs, back_ - 1);
  XDPCAP_CHECK(back.size != 0 && back.size <= back_room(slabs));
  const std::uint32_t moved = std::min(back.size, kFrontMax);
  for (std::uint32_t i = 0; i < moved; ++i) {
    front_ |= static_cast<std::uint64_t>(kind_at(slabs, back_ - 1, back.first + i))
              << (2 * front_size_++);
  }
  back.first = (back.first + moved) % back_room(slabs);
  back.size -= moved;
  if (back.size == 0) {
    slabs.release(back_ - 1);
    back_ = 0;
  }
}

} // namespace xdpcap::http
