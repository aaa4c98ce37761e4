#pragma once

#include <concepts>
#include <string_view>

#include "dispatch/desk.hpp"
#include "dispatch/pace.hpp"
#include "dispatch/workload.hpp"

namespace xdpcap::bench {

struct Setup {
  Factors factors;
  bool digests = false; // for the proof of equal answers; not while something is timed
};

// A way of bringing packets to the state of their stream. Contenders differ in
// threads, queues, maps and locks, and in nothing else: what is done with a packet
// is Desk::process(), for all of them.
//
// run() answers when every packet of the input is done with. It may be called
// again for the packets that follow; streams stay open in between. It throws
// std::system_error where the system refuses what the contender needs: that is
// a result too. tally() is about all packets so far. All calls on one thread.
template <class C>
concept Contender = std::constructible_from<C, const Setup&> &&
    requires(C& contender, const Input& input, const Pace& pace) {
  { C::name } -> std::convertible_to<std::string_view>;
  contender.run(input, pace);
  { contender.tally() } -> std::same_as<Tally>;
};

// Contenders whose threads are not a number that one may choose say
// `static constexpr bool has_workers = false`.
template <Contender C>
constexpr bool has_workers() {
  if constexpr (requires { C::has_workers; }) {
    return C::has_workers;
  } else {
    return true;
  }
}

} // namespace xdpcap::bench
