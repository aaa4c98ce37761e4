#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/check.hpp"
#include "record/enums.hpp"

namespace xdpcap::tcp {

// The states of RFC 9293, 3.3.2, of one end of a connection as seen from the
// middle. The pair of both ends is the only faithful picture an observer has.
using State = schema::TcpState;

// What happened to one end. An end has received something only when it
// acknowledged it: that it was sent is no evidence.
enum class Event : std::uint8_t {
  sent_syn,
  received_syn,
  syn_acknowledged, // its own SYN was
  sent_fin,
  received_fin,
  fin_acknowledged, // its own FIN was
  joined,           // seen for the first time in the middle of a connection
  // These end every state.
  reset,
  timeout,
  count_,
};

namespace detail {

using Row = std::array<State, static_cast<std::size_t>(Event::reset)>;
using enum schema::TcpState;

// A row for each state in the order above, a column for each event before `reset`. An
// event that means nothing in a state leaves it as it is.
// clang-format off
inline constexpr std::array<Row, static_cast<std::size_t>(State::MAX) + 1> kTransitions{{
    // sent_syn    received_syn  syn_acked    sent_fin    received_fin fin_acked     joined
    {syn_sent,     listen,       closed,      closed,     closed,      closed,       established},
    {syn_received, listen,       listen,      listen,     listen,      listen,       established},
    {syn_sent,     syn_received, established, fin_wait_1, syn_sent,    syn_sent,     established},
    {syn_received, syn_received, established, fin_wait_1, close_wait,  syn_received, established},
    {established,  established,  established, fin_wait_1, close_wait,  established,  established},
    {fin_wait_1,   fin_wait_1,   fin_wait_1,  fin_wait_1, closing,     fin_wait_2,   fin_wait_1},
    {fin_wait_2,   fin_wait_2,   fin_wait_2,  fin_wait_2, time_wait,   fin_wait_2,   fin_wait_2},
    {close_wait,   close_wait,   close_wait,  last_ack,   close_wait,  close_wait,   close_wait},
    {closing,      closing,      closing,     closing,    closing,     time_wait,    closing},
    {last_ack,     last_ack,     last_ack,    last_ack,   last_ack,    closed,       last_ack},
    {time_wait,    time_wait,    time_wait,   time_wait,  time_wait,   time_wait,    time_wait},
}};
// clang-format on

} // namespace detail

inline constexpr State next_state(State state, Event event) noexcept {
  XDPCAP_DCHECK(state <= State::MAX && event < Event::count_);
  if (event >= Event::reset) return State::closed;
  return detail::kTransitions[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

// The ways of a client that closes first, of the server it closes, and of both
// closing at once.
static_assert(next_state(next_state(State::established, Event::sent_fin),
                         Event::fin_acknowledged) == State::fin_wait_2);
static_assert(next_state(State::fin_wait_2, Event::received_fin) == State::time_wait);
static_assert(next_state(next_state(State::close_wait, Event::sent_fin), Event::fin_acknowledged) ==
              State::closed);
static_assert(next_state(next_state(State::fin_wait_1, Event::received_fin),
                         Event::fin_acknowledged) == State::time_wait);

} // namespace xdpcap::tcp
