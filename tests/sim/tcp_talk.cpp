#include "sim/tcp_talk.hpp"

#include <algorithm>
#include <queue>

#include "sim/tcp_end.hpp"
#include "wire/segment.hpp"

namespace xdpcap::sim {
namespace {

using wire::TcpFlags;

class Talk {
 public:
  Talk(Random& random, const Dialogue& dialogue, const TcpTraits& traits, std::int64_t start)
      : random_(random), dialogue_(dialogue), traits_(traits), now_(start) {}

  Trace run() {
    send_syn(kClient);
    std::size_t left = kEventsMax;
    while (!events_.empty() && left-- != 0) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      handle(event);
    }
    finish();
    return std::move(trace_);
  }

 private:
  enum class What : std::uint8_t { arrival, timer, ack, read };
  struct Event {
    std::int64_t at = 0;
    std::uint64_t order = 0;
    What what = What::arrival;
    std::size_t side = 0; // whom it concerns
    std::size_t index = 0;
    friend bool operator>(const Event& a, const Event& b) {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  const std::string& text(std::size_t side) const { return dialogue_.stream[side]; }
  void plan(std::int64_t delay, What what, std::size_t side, std::size_t index) {
    events_.push({now_ + delay, order_++, what, side, index});
  }
  void handle(const Event& event) {
    End& self = ends_[event.side];
    switch (event.what) {
      case What::arrival:
        return arrive(event.side, event.index);
      case What::timer:
        if (event.index == self.timer) time_out(event.side);
        return;
      case What::ack:
        if (event.index == self.ack_timer && self.ack_due) send_ack(event.side);
        return;
      case What::read:
        return read_on(event.side);
    }
  }

  // ---- sending
  Passed blank(std::size_t side) {
    const End& self = ends_[side];
    Passed made;
    made.side = side;
    made.flags = TcpFlags::ack;
    made.ack = traits_.isn[1 - side] + 1 +
               static_cast<std::uint32_t>(self.next + (self.fin_taken ? 1 : 0));
    made.window = static_cast<std::uint16_t>(std::min<std::size_t>(
        65535, (limit(side) - std::min(limit(side), self.next)) >> shift(side)));
    made.has_clock = traits_.clocks;
    made.clock = traits_.clock_at[side] + static_cast<std::uint32_t>(now_ / 1000);
    made.echo = self.ts_recent;
    return made;
  }
  // Bytes of the other's stream that this side takes.
  std::size_t limit(std::size_t side) const { return ends_[side].read + traits_.window[side]; }
  unsigned shift(std::size_t side) const {
    return ends_[side].scaled ? static_cast<unsigned>(traits_.window_scale[side]) : 0;
  }
  bool offers_scale() const { return traits_.window_scale[0] >= 0 && traits_.window_scale[1] >= 0; }

  // Through the network: the first half of the way ends at the capture.
  void send(Passed segment) {
    const NetworkTraits& network = traits_.network;
    const bool sums = traits_.offloads[segment.side] && !segment.payload.empty();
    if (sums) segment.sum = Sum::partial;
    if (!segment.payload.empty() && random_.chance(network.forged)) forge(segment);
    for (std::size_t copies = random_.chance(network.repeated) ? 2 : 1; copies > 0; --copies) {
      if (random_.chance(network.lost_before)) continue;
      std::int64_t way = network.delay_us;
      if (random_.chance(network.delayed)) way += static_cast<std::int64_t>(random_.below(4000));
      pass(segment, way, random_.chance(network.lost_behind));
    }
  }
  void pass(Passed segment, std::int64_t way, bool is_lost) {
    // What is on one line stays in order, unless something delays it.
    segment.at_us = now_ + way;
    const std::size_t index = trace_.passed.size();
    const std::size_t to = 1 - segment.side;
    trace_.passed.push_back(std::move(segment));
    if (!is_lost) plan(way + traits_.network.delay_us, What::arrival, to, index);
  }
  void forge(const Passed& segment) {
    Passed other = segment;
    other.payload.assign(segment.payload.size(), '!');
    other.forged = true;
    if (traits_.network.acks_unsent && (other.flags & TcpFlags::ack) != 0 &&
        (other.flags & TcpFlags::fin) == 0 && segment.side == kClient && segment.seq % 4 == 0) {
      // RFC 9293, 3.10.7.4: it acknowledges what was not sent yet, and is refused for that. In
      // front of the end the capture would see the FIN acknowledged, and that is as it looks.
      const std::size_t other_side = 1 - segment.side;
      const auto ahead = static_cast<std::uint32_t>(1 + segment.seq * 7919U % 40'000);
      other.ack = sequence(other_side, ends_[other_side].top) + ahead;
    } else {
      other.sum = Sum::bad;
    }
    pass(std::move(other), traits_.network.delay_us - 1, false);
  }

  void send_syn(std::size_t side) {
    Passed syn = blank(side);
    syn.flags = side == kClient ? TcpFlags::syn : TcpFlags::syn | TcpFlags::ack;
    syn.seq = traits_.isn[side];
    syn.ack = side == kClient ? 0 : traits_.isn[kClient] + 1;
    syn.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(65535, traits_.window[side]));
    if (side == kClient || offers_scale()) syn.window_scale = traits_.window_scale[side];
    send(std::move(syn));
    arm(side);
  }
  void send_ack(std::size_t side) {
    Passed ack = blank(side);
    ack.offset = ends_[side].nxt;
    ack.seq = sequence(side, ack.offset + (ends_[side].fin_sent ? 1 : 0));
    note_acked(side);
    send(std::move(ack));
  }
  void note_acked(std::size_t side) {
    ends_[side].ack_due = false;
    ends_[side].last_ack_sent = ends_[side].next;
  }
  std::uint32_t sequence(std::size_t side, std::size_t offset) const {
    return traits_.isn[side] + 1 + static_cast<std::uint32_t>(offset);
  }
  void send_data(std::size_t side, std::size_t from, std::size_t to, bool fin) {
    End& self = ends_[side];
    Passed data = blank(side);
    data.seq = sequence(side, from);
    data.offset = from;
    data.payload = text(side).substr(from, to - from);
    data.flags = static_cast<std::uint8_t>(data.flags | (to > from ? TcpFlags::psh : 0) |
                                           (fin ? TcpFlags::fin : 0));
    note_acked(side);
    self.top = std::max(self.top, to + (fin ? 1 : 0));
    send(std::move(data));
  }
  void reset(std::size_t side) {
    End& self = ends_[side];
    Passed rst = blank(side);
    rst.seq = sequence(side, self.nxt);
    rst.flags = TcpFlags::rst | TcpFlags::ack;
    self.dead = true;
    trace_.reset = true;
    send(std::move(rst));
  }

  std::size_t cut(std::size_t side) {
    const std::size_t most = traits_.segment_max[side];
    return traits_.small_segments ? random_.between(1, std::min<std::size_t>(most, 300)) : most;
  }
  bool may_close(std::size_t side) const {
    const End& self = ends_[side];
    if (self.nxt < text(side).size()) return false;
    if (side == kClient && dialogue_.half_closes) return true;
    const bool has_all = self.read == text(1 - side).size();
    return has_all && (traits_.both_close || dialogue_.closes_first == side || self.fin_taken);
  }

  // Whatever may be sent now.
  void pump(std::size_t side) {
    End& self = ends_[side];
    if (!self.open || self.dead) return;
    for (const Release& release : dialogue_.releases[side]) {
      if (release.needs <= self.read) self.released = std::max(self.released, release.until);
      if (release.needs > self.read) break;
    }
    while (self.nxt < self.released && self.nxt < self.edge && !self.fin_sent) {
      const std::size_t to = std::min({self.nxt + cut(side), self.released, self.edge});
      const std::size_t from = std::exchange(self.nxt, to);
      const bool fin = may_close(side) && random_.chance(0.5);
      self.fin_sent |= fin;
      send_data(side, from, to, fin);
      if (traits_.resets && traits_.resets_side == side && to > traits_.resets_at)
        return reset(side);
      if (random_.chance(traits_.network.resent)) resend(side);
    }
    if (!self.fin_sent && may_close(side)) {
      self.fin_sent = true;
      send_data(side, self.nxt, self.nxt, true);
    }
    if (self.una < self.top || is_blocked(side)) arm(side);
  }
  // By the other's window.
  bool is_blocked(std::size_t side) const {
    const End& self = ends_[side];
    return self.nxt < self.released && self.nxt >= self.edge && !self.fin_sent;
  }
  // RFC 9293, 3.8.6.1: one byte beyond the window, or one that the other has.
  void probe_window(std::size_t side) {
    const End& self = ends_[side];
    const std::size_t from = self.nxt - (self.nxt != 0 && random_.chance(0.5) ? 1 : 0);
    send_data(side, from, from + 1, false);
  }
  // Again, with other borders.
  void resend(std::size_t side) {
    const End& self = ends_[side];
    if (self.una >= self.top) return;
    const std::size_t size = text(side).size();
    const std::size_t from = std::min(self.una, size);
    const std::size_t to = std::min({from + cut(side), self.nxt, size});
    send_data(side, from, to, self.fin_sent && to == size);
  }

  // Whatever is under way: one segment for each time-out would take minutes.
  void resend_all(std::size_t side) {
    const End& self = ends_[side];
    const std::size_t size = text(side).size(), until = std::min(self.nxt, size);
    for (std::size_t from = std::min(self.una, size), n = 0; n == 0 || (from < until && n < 16);
         ++n) {
      const std::size_t to = std::min(from + cut(side), until);
      send_data(side, from, to, self.fin_sent && to == size);
      from = to;
    }
  }

  void arm(std::size_t side) { plan(ends_[side].rto, What::timer, side, ++ends_[side].timer); }
  void time_out(std::size_t side) {
    End& self = ends_[side];
    if (self.dead) return;
    if (!self.open) {
      if (side == kClient || self.syn_seen) send_syn(side);
    } else if (is_blocked(side) && self.una >= self.nxt) {
      probe_window(side);
      arm(side);
    } else if (self.una < self.top) {
      resend_all(side);
      arm(side);
    }
    self.rto = std::min(self.rto * 2, kRtoMax);
  }

  // ---- receiving
  void arrive(std::size_t side, std::size_t index) {
    const Passed segment = trace_.passed[index]; // a copy: answers are appended
    End& self = ends_[side];
    if (segment.forged) return;
    const std::uint8_t flags = segment.flags;
    if (self.dead) {
      if ((flags & TcpFlags::rst) == 0) answer_dead(side, segment);
      return;
    }
    if ((flags & TcpFlags::syn) != 0) return arrive_syn(side, segment);
    if (!self.syn_seen) return;
    if (side == kServer && !self.open && (flags & TcpFlags::ack) != 0) open(side);
    if (!self.open) return;
    if ((flags & TcpFlags::rst) != 0) return arrive_reset(side, segment);
    if (is_old(self, segment)) {
      trace_.passed[index].refused = true;
      return send_ack(side);
    }
    if (segment.has_clock && segment.offset <= self.last_ack_sent) update_clock(self, segment);
    take_ack(side, segment);
    decode_data(side, segment, index);
    if (random_.chance(traits_.network.probes)) probe(side);
    pump(side);
    if (self.ack_due) plan_ack(side);
  }
  static bool is_old(const End& self, const Passed& segment) {
    return segment.has_clock && self.has_ts &&
           static_cast<std::int32_t>(segment.clock - self.ts_recent) < -1;
  }
  static void update_clock(End& self, const Passed& segment) {
    if (!self.has_ts || static_cast<std::int32_t>(segment.clock - self.ts_recent) >= 0)
      self.ts_recent = segment.clock;
    self.has_ts = true;
  }
  void open(std::size_t side) {
    ends_[side].open = true;
    ends_[side].rto = kRtoMin;
    ends_[side].edge = std::min<std::size_t>(65535, traits_.window[1 - side]);
  }
  void arrive_syn(std::size_t side, const Passed& segment) {
    End& self = ends_[side];
    const bool is_new = !self.syn_seen;
    self.syn_seen = true;
    self.scaled = offers_scale();
    if (segment.has_clock) update_clock(self, segment);
    if (side == kServer) {
      if (!self.open) send_syn(side);
      if (self.open) send_ack(side);
      return;
    }
    if (is_new) open(side);
    send_ack(side);
    pump(side);
  }
  void answer_dead(std::size_t side, const Passed& segment) {
    Passed rst;
    rst.side = side;
    rst.seq = segment.ack;
    rst.flags = TcpFlags::rst;
    send(std::move(rst));
  }
  void arrive_reset(std::size_t side, const Passed& segment) {
    End& self = ends_[side];
    const auto ahead = static_cast<std::int32_t>(
        segment.seq - sequence(1 - side, self.next + (self.fin_taken ? 1 : 0)));
    if (ahead == 0) {
      self.dead = true;
    } else if (ahead > 0 && ahead < static_cast<std::int32_t>(traits_.window[side])) {
      send_ack(side); // RFC 5961, 3.2
    }
  }
  void take_ack(std::size_t side, const Passed& segment) {
    End& self = ends_[side];
    const auto ahead = static_cast<std::int32_t>(segment.ack - sequence(side, self.una));
    if (ahead < 0 || self.una + static_cast<std::size_t>(ahead) > self.top) return;
    self.repeated_acks =
        ahead == 0 && segment.payload.empty() && self.una < self.top ? self.repeated_acks + 1 : 0;
    self.una += static_cast<std::size_t>(ahead);
    self.nxt = std::max(self.nxt, std::min(self.una, text(side).size())); // behind a window probe
    self.edge = std::max(self.edge, self.una + (std::size_t{segment.window} << shift(1 - side)));
    if (ahead > 0) self.rto = kRtoMin;
    if (self.repeated_acks == 3) resend(side);
    if (ahead > 0 && self.una < self.top) arm(side);
    if (self.una >= self.top) ++self.timer; // nothing is under way
  }
  void decode_data(std::size_t side, const Passed& segment, std::size_t index) {
    End& self = ends_[side];
    const std::size_t begin = segment.offset, end = begin + segment.payload.size();
    const bool fin = (segment.flags & TcpFlags::fin) != 0;
    if (begin == end && !fin) return;
    self.ack_due = true;
    if (end > limit(side)) {
      trace_.passed[index].refused = true;
      return;
    }
    accept(side, begin, end, index);
    if (fin) self.fin_known = true;
    for (auto first = self.early.begin(); first != self.early.end() && first->first <= self.next;
         first = self.early.begin()) {
      self.next = std::max(self.next, first->second);
      self.early.erase(first);
    }
    if (self.fin_known && self.next == text(1 - side).size()) self.fin_taken = true;
    read(side);
  }
  // The application reads what there is, or stops for a while.
  void read(std::size_t side) {
    End& self = ends_[side];
    if (self.stalled) return;
    self.stalled = traits_.stalls > 0 && random_.chance(traits_.stalls);
    if (!self.stalled) {
      self.read = self.next;
      return;
    }
    plan(static_cast<std::int64_t>(random_.between(1'000, 4'000'000)), What::read, side, 0);
  }
  void read_on(std::size_t side) {
    End& self = ends_[side];
    self.stalled = false;
    self.read = self.next;
    if (self.dead) return;
    send_ack(side); // the window is open again
    pump(side);
  }
  // Records which segment brought what is new.
  void accept(std::size_t side, std::size_t begin, std::size_t end, std::size_t index) {
    End& self = ends_[side];
    std::size_t at = std::max(begin, self.next);
    while (at < end) {
      auto behind = self.early.upper_bound(at);
      if (behind != self.early.begin() && std::prev(behind)->second > at) {
        at = std::prev(behind)->second;
        continue;
      }
      const std::size_t to = behind == self.early.end() ? end : std::min(end, behind->first);
      trace_.accepted[1 - side].push_back({at, to, index});
      self.early[at] = to;
      at = to;
    }
  }
  void plan_ack(std::size_t side) {
    End& self = ends_[side];
    const bool now = !self.early.empty() || self.fin_taken ||
                     self.next - self.last_ack_sent > 2920 || random_.chance(0.3);
    if (now) return send_ack(side);
    plan(kDelayedAck, What::ack, side, ++self.ack_timer);
  }
  void probe(std::size_t side) {
    End& self = ends_[side];
    if (self.una != self.top || self.fin_sent || self.nxt == 0) return;
    Passed keep_alive = blank(side);
    keep_alive.seq = sequence(side, self.nxt) - 1;
    keep_alive.offset = self.nxt - 1;
    if (random_.chance(0.5)) keep_alive.payload = text(side).substr(self.nxt - 1, 1);
    send(std::move(keep_alive));
  }

  void finish() {
    for (std::size_t side : {kClient, kServer}) {
      trace_.received[side] = ends_[1 - side].next;
      trace_.closed[side] = ends_[1 - side].fin_taken;
    }
    trace_.ended_us = now_;
    sort_by_time();
  }
  void sort_by_time() {
    std::vector<std::size_t> order(trace_.passed.size()), place(trace_.passed.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return trace_.passed[a].at_us < trace_.passed[b].at_us;
    });
    std::vector<Passed> sorted;
    sorted.reserve(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      sorted.push_back(std::move(trace_.passed[order[i]]));
    }
    trace_.passed = std::move(sorted);
    for (auto& list : trace_.accepted) {
      for (Accepted& accepted : list) accepted.passed = place[accepted.passed];
    }
  }

  Random& random_;
  const Dialogue& dialogue_;
  TcpTraits traits_;
  std::int64_t now_;
  std::uint64_t order_ = 0;
  End ends_[2];
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  Trace trace_;
};

} // namespace

Trace talk(Random& random, const Dialogue& dialogue, const TcpTraits& traits,
           std::int64_t start_us) {
  return Talk{random, dialogue, traits, start_us}.run();
}

} // namespace xdpcap::sim
