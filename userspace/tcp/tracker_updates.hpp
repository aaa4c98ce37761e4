#pragma once

// When the figures of open connections are told of. Templates, because they call
// the sink; included by tracker.hpp only.

#include "tcp/tracker.hpp"

namespace xdpcap::tcp {

// The first activity since a connection was told of. Where the queue is full the next
// segment tries again: then more connections are active than anybody could read of.
template <class Flow>
[[gnu::noinline]] void Tracker<Flow>::plan_update(Flow& flow) noexcept {
  XDPCAP_DCHECK(!flow.tcp.has(Connection::update_due) && !flow.tcp.has(Connection::closed));
  if (updates_.full()) return;
  flow.tcp.set(Connection::update_due);
  const bool is_first = updates_.empty();
  updates_.push({.id = flow.tcp.id, .queued = now_, .slot = table_.slot_of(flow)});
  if (is_first) plan_duties();
}

template <class Flow>
template <class Sink>
void Tracker<Flow>::publish_updates(Sink& sink) noexcept {
  while (!updates_.empty() && now_ >= updates_.front().queued + timeouts_.update) {
    const WaitQueue::Entry entry = updates_.front();
    updates_.pop();
    Flow& flow = table_.at(entry.slot);
    if (flow.tcp.id != entry.id || flow.tcp.has(Connection::closed))
      continue; // its end told the rest
    XDPCAP_CHECK(flow.tcp.has(Connection::update_due));
    flow.tcp.clear(Connection::update_due);
    sink.on_update(flow);
  }
}

} // namespace xdpcap::tcp
