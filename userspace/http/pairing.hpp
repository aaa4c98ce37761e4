#pragma once

#include <cstdint>

#include "core/slab_pool.hpp"
#include "http/framing.hpp"

namespace xdpcap::http {

// Which request a response answers: response n answers request n, by number and
// not by time, because a capture may see an answer before its question. Holds the
// kinds of the requests that are still to be answered: 32 in the record itself,
// about a thousand more in a slab; what comes beyond is counted and taken for plain.
//
// Numbers drift apart when messages are lost. The evidence used, in this order:
//  - a response to no known request, where requests can have been lost: its request
//    is one of these, and is counted as well;
//  - the first response behind a lost piece answers the newest request, unless this
//    client was seen to pipeline: one that does not has been answered before;
//  - where that says nothing, pairing is uncertain until a request comes that follows
//    something its client received: then all earlier ones count as answered.
//
// Zero-initialised, trivially copyable; one thread; release() before it is dropped.
class Pairing {
 public:
  struct Answered {
    std::uint32_t index = 0;
    RequestKind request = RequestKind::plain;
    bool known = false; // false: no request is known, or it is not certain which
  };

  // `reacting`: since the last request bytes of the response direction were seen.
  // Answers the index of the request. `tracked` is false where its kind is forgotten.
  std::uint32_t on_request(RequestKind kind, bool reacting, SlabPool& slabs,
                           bool& tracked) noexcept;

  // A final response; `behind_loss` when it is the first behind lost bytes.
  Answered on_response(bool behind_loss, SlabPool& slabs) noexcept;
  // The request of an interim response, which stays to be answered.
  [[nodiscard]] Answered on_interim() const noexcept;

  void on_requests_lost() noexcept;
  void on_responses_lost() noexcept { uncertain_ = true; }
  // The connection was picked up in the middle.
  void assume_lost_requests() noexcept { requests_may_lack_ = true; }

  void release(SlabPool& slabs) noexcept;

 private:
  static constexpr std::uint32_t kFrontMax = 32;

  [[nodiscard]] std::int32_t outstanding() const noexcept {
    return static_cast<std::int32_t>(requests_ - responses_);
  }
  void forget_all_but(std::int32_t newest, SlabPool& slabs) noexcept;
  bool push(RequestKind kind, SlabPool& slabs) noexcept;
  RequestKind pop(SlabPool& slabs) noexcept;
  void refill_front(SlabPool& slabs) noexcept;
  // As many kinds are remembered, or known to be forgotten, as requests are outstanding.
  [[nodiscard]] bool is_sound(SlabPool& slabs) const noexcept;

  std::uint64_t front_ = 0;     // two bits each, the oldest lowest
  std::uint32_t requests_ = 0;  // seen, or known to have been lost
  std::uint32_t responses_ = 0; // likewise, final ones
  std::uint32_t back_ = 0;      // slab, plus one; 0: none
  std::uint16_t untracked_ =
      0; // outstanding behind those that are remembered; stays at its maximum
  std::uint8_t front_size_ = 0;
  bool requests_may_lack_ : 1 = false;
  bool pipelines_ : 1 = false;
  bool uncertain_ : 1 = false;
};

} // namespace xdpcap::http
