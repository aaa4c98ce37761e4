#pragma once

// How connections end. Templates, because they call the sink; included by tracker.hpp only.

#include "tcp/tracker.hpp"

namespace xdpcap::tcp {

template <class Flow>
void Tracker<Flow>::rearm(const Flow& flow, Duration delay) noexcept {
  const std::uint32_t slot = table_.slot_of(flow);
  wheel_.disarm(slot);
  wheel_.arm(slot, now_ + delay);
}

// Whatever the occasion, a connection that both ends finished was closed by FIN.
template <class Flow>
template <class Sink>
void Tracker<Flow>::close(Flow& flow, StreamEnd end, FlowCount as, Sink& sink) noexcept {
  Connection& connection = flow.tcp;
  if (connection.has(Connection::closed)) return;
  Stream<Sink> stream{flow, sink};
  reassembler_.finish(connection, end, cause_of_loss(connection.last_seen), now_, stream);
  connection.set(Connection::closed);
  const bool by_fin = connection.ended_by_fin();
  counters_.add(by_fin ? FlowCount::closed_fin : as);
  sink.on_close(flow, by_fin ? StreamEnd::fin : end, now_);
  rearm(flow, timeouts_.linger);
}

template <class Flow>
template <class Sink>
void Tracker<Flow>::remove(Flow& flow, StreamEnd end, FlowCount as, Sink& sink) noexcept {
  XDPCAP_CHECK(flow.tcp.id != 0);
  close(flow, end, as, sink);
  record_ended(flow.tcp);
  wheel_.disarm(table_.slot_of(flow));
  table_.erase(flow);
}

// What its ends sent last is remembered for a while: a retransmission that comes after the record
// of the connection is gone is not the beginning of another.
template <class Flow>
void Tracker<Flow>::record_ended(const Connection& connection) noexcept {
  const Direction of_low = connection.direction_of(true);
  const HalfConnection& low = connection.from(of_low);
  const HalfConnection& high = connection.from(opposite(of_low));
  ended_.note(table_.hash_of(connection.key),
              {low.has(HalfConnection::started), high.has(HalfConnection::started)},
              {low.next, high.next}, now_);
}

// Makes room: of the connections next to fall silent, one that has ended, else
// one at rest, else the one silent longest.
template <class Flow>
template <class Sink>
bool Tracker<Flow>::evict_one(Sink& sink) noexcept {
  constexpr std::uint32_t kCandidates = 32;
  std::uint32_t seen = 0;
  std::uint32_t chosen = FlowTable<Flow>::none;
  std::pair<int, Instant> worth_of_chosen{};
  wheel_.in_order([&](std::uint32_t slot) {
    const Flow& flow = table_.at(slot);
    const bool has_ended = flow.tcp.has(Connection::closed) || flow.tcp.ended_by_fin();
    const int rank = has_ended ? 0 : flow.is_at_rest() ? 1 : 2;
    const std::pair worth{rank, flow.tcp.last_seen};
    if (chosen == FlowTable<Flow>::none || worth < worth_of_chosen) {
      chosen = slot;
      worth_of_chosen = worth;
    }
    return ++seen < kCandidates && rank != 0;
  });
  if (chosen == FlowTable<Flow>::none) return false;
  remove(table_.at(chosen), StreamEnd::evicted, FlowCount::closed_evicted, sink);
  return true;
}

template <class Flow>
template <class Sink>
void Tracker<Flow>::finish_all(Sink& sink) noexcept {
  for (std::uint32_t slot = 0; slot < table_.slots_touched(); ++slot) {
    Flow& flow = table_.at(slot);
    if (flow.tcp.id != 0) remove(flow, StreamEnd::capture, FlowCount::closed_by_capture, sink);
  }
  while (!waits_.empty()) waits_.pop();
  while (!updates_.empty()) updates_.pop();
  XDPCAP_CHECK(table_.size() == 0);
  XDPCAP_CHECK(reassembler_.frames_held() == 0);
  XDPCAP_CHECK(reassembler_.out_of_order().slabs_in_use() == 0);
}

} // namespace xdpcap::tcp
