#include "sim/oracle.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "sim/account.hpp"
#include "sim/witness.hpp"

namespace xdpcap::sim {
namespace {

using schema::Anomaly;

struct Known {
  std::size_t connection = 0, side = 0;
  const ExpectedMessage* message = nullptr;
};

std::string end_text(const std::string& address, std::uint16_t port) {
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}
std::string client_of(const Connection& connection) {
  return end_text(connection.envelope.client(), connection.envelope.client_port());
}
std::string server_of(const Connection& connection) {
  return end_text(connection.envelope.server(), 80);
}

// What a reader of a failure wants to know of a body.
std::string shape_of(const PublishedMessage& message) {
  std::string text =
      fmt::format("{}, {} bytes of {} kept, {}", name_of(message.framing), message.body.size(),
                  message.full_body_length, name_of(message.end));
  for (const PublishedGap& gap : message.gaps)
    text += fmt::format(", gap {}+{}", gap.offset, gap.length);
  return text;
}

// Nobody where both close at once: neither had received the other's FIN.
std::optional<std::size_t> first_to_close(const Connection& connection) {
  const std::vector<Passed>& passed = connection.trace.passed;
  std::optional<std::size_t> first;
  for (const Passed& segment : passed) {
    if ((segment.flags & wire::TcpFlags::fin) == 0 || segment.forged) continue;
    if (!first) first = segment.side;
    if (segment.side == *first) continue;
    const auto all = static_cast<std::uint32_t>(connection.dialogue.stream[*first].size()) + 1;
    if (segment.ack == connection.tcp.isn[*first] + 1 + all) return first;
    return std::nullopt;
  }
  return std::nullopt;
}

class Judge {
 public:
  Judge(const Scenario& scenario, const Traffic& traffic, const Outcome& outcome)
      : scenario_(scenario),
        traffic_(traffic),
        outcome_(outcome),
        witnesses_(witnesses(traffic, outcome)) {
    room_ran_out_ = ran_out_of_room(scenario, outcome.ledger);
    for (std::size_t i = 0; i < traffic.connections.size(); ++i) {
      for (const std::size_t side : {kClient, kServer}) {
        for (const ExpectedMessage& message : traffic.connections[i].dialogue.messages[side])
          known_[message.id] = {i, side, &message};
      }
    }
  }

  std::vector<std::string> judge() {
    for (const PublishedMessage& message : outcome_.published.messages) judge_message(message);
    for (std::size_t i = 0; i < traffic_.connections.size(); ++i) {
      if (is_strict(i)) judge_connection(i);
    }
    judge_flows();
    return std::move(wrong_);
  }

 private:
  template <class... Args>
  void wrong(fmt::format_string<Args...> words, Args&&... args) {
    wrong_.push_back(fmt::format(words, std::forward<Args>(args)...));
  }

  // All of it has to come out, up to where the capture ended.
  [[nodiscard]] bool is_strict(std::size_t i) const {
    const Witness& witness = witnesses_[i];
    // Another queue's RST may come before what its sender took; and one that never arrived ends
    // nothing but the flow.
    const bool may_lie = scenario_.network.lost_behind != 0 || scenario_.network.delayed != 0 ||
                         (!scenario_.symmetric && scenario_.workers > 1);
    const bool overtaken = traffic_.connections[i].trace.reset && may_lie;
    // What is missing of a connection may seem to go on in the next one of the same ports.
    for (std::size_t before = 0; before < i; ++before) {
      if (client_of(traffic_.connections[before]) == client_of(traffic_.connections[i]) &&
          !witnesses_[before].whole)
        return false;
    }
    return witness.handshake && witness.unbroken && !room_ran_out_ && scenario_.follows_whole() &&
           !overtaken;
  }

  void judge_message(const PublishedMessage& message) {
    const auto found = known_.find(message.id);
    if (found == known_.end()) return judge_nameless(message);
    const Known& known = found->second;
    const Connection& connection = traffic_.connections[known.connection];
    // Who forgets a connection may see its retransmissions as another one.
    const bool may_repeat = room_ran_out_ || !scenario_.follows_whole();
    if (++times_[message.id] > 1 && !may_repeat)
      wrong("message {} was published {} times ({})", message.id, times_[message.id],
            shape_of(message));
    // Who the client is has to be guessed where no SYN was seen.
    const bool must_guess =
        room_ran_out_ || !scenario_.follows_whole() || !witnesses_[known.connection].handshake;
    const bool is_turned = must_guess && message.client == server_of(connection);
    if (message.client != client_of(connection) && !is_turned)
      wrong("message {} is of {}", message.id, message.client);
    if (message.request != (known.side == kClient))
      wrong("message {}: its direction is wrong", message.id);
    judge_head(message, *known.message);
    judge_body(message, known);
  }

  // Nobody acknowledged its bytes, it says so, and somebody forges what is not contradicted.
  [[nodiscard]] bool may_be_forged(const PublishedMessage& message) const {
    return scenario_.network.acks_unsent && message.has(Anomaly::unproved);
  }

  // Parts of heads, and what cannot be read: they must have been sent by somebody at this address,
  // unless they may be forged.
  void judge_nameless(const PublishedMessage& message) {
    if (may_be_forged(message)) return;
    for (const Connection& connection : traffic_.connections) {
      if (client_of(connection) != message.client) continue;
      const std::string& stream = connection.dialogue.stream[message.request ? kClient : kServer];
      if (stream.find(message.head) != std::string::npos) return;
    }
    wrong("nobody at {} sent this head: {:?}", message.client, message.head.substr(0, 200));
  }

  void judge_head(const PublishedMessage& message, const ExpectedMessage& expected) {
    const bool whole = !message.has(Anomaly::head_cut) && !message.has(Anomaly::head_too_large);
    if (message.status != expected.status)
      wrong("message {}: status {}", message.id, message.status);
    if (whole ? message.head == expected.head : expected.head.starts_with(message.head)) return;
    // Behind a loss a segment border in a start line, or before it, seems to be its beginning.
    if (message.has(Anomaly::resynchronised) || message.has(Anomaly::partial_connection))
      return judge_nameless(message);
    wrong("message {}: head {:?} in place of {:?}", message.id, message.head, expected.head);
  }

  void judge_body(const PublishedMessage& message, const Known& known) {
    const ExpectedMessage& expected = *known.message;
    // A FIN that was not captured is a missing byte to who sees its acknowledgement.
    const bool may_be_longer =
        expected.framing == schema::Framing::until_close && !message.complete;
    const std::size_t size = expected.body.size() + (may_be_longer ? 1 : 0);
    if (message.full_body_length > size)
      wrong("message {}: a body of {} bytes, {} were sent", message.id, message.full_body_length,
            size);
    std::size_t at = 0, kept = 0;
    for (const PublishedGap& gap : message.gaps) {
      const std::size_t run = std::min<std::size_t>(gap.offset - at, message.body.size() - kept);
      compare(message, expected, at, kept, run);
      kept += run;
      at = gap.offset + gap.length;
      if (at > size) return wrong("message {}: a gap behind the end of its body", message.id);
      if (!room_ran_out_) judge_gap(message, known, gap);
    }
    compare(message, expected, at, kept, message.body.size() - kept);
    if (message.complete && message.full_body_length != size)
      wrong("message {}: complete with {} of {} bytes ({})", message.id, message.full_body_length,
            size, shape_of(message));
    const bool is_cut = message.has(Anomaly::truncated) || room_ran_out_;
    if (message.complete && !is_cut && at + message.body.size() - kept != size)
      wrong("message {}: says that it is complete, and has {} of {} bytes", message.id,
            message.body.size(), size);
  }
  void compare(const PublishedMessage& message, const ExpectedMessage& expected, std::size_t at,
               std::size_t kept, std::size_t length) {
    if (length == 0 || may_be_forged(message)) return;
    if (at + length > expected.body.size() ||
        expected.body.compare(at, length, message.body, kept, length) != 0)
      wrong("message {}: bytes {} to {} of its body are not those that were sent ({})", message.id,
            at, at + length, shape_of(message));
  }
  void judge_gap(const PublishedMessage& message, const Known& known, const PublishedGap& gap) {
    const Witness& witness = witnesses_[known.connection];
    if (!scenario_.follows_whole() || !witness.handshake) return;
    // What overtakes an RST, or is overtaken by it, is behind the end.
    if (traffic_.connections[known.connection].trace.reset) return;
    for (const BodyPiece& piece : known.message->pieces) {
      const std::size_t begin = std::max<std::size_t>(piece.body, gap.offset);
      const std::size_t end =
          std::min<std::size_t>(piece.body + piece.length, gap.offset + gap.length);
      if (begin >= end) continue;
      const std::size_t in_stream = piece.stream - piece.body;
      // Who knows no acknowledgement of doubtful bytes does not believe them.
      const std::size_t until = std::min(end + in_stream, witness.acknowledged[known.side]);
      if (begin + in_stream < until && !witness.missed_all_of(known.side, begin + in_stream, until))
        wrong("message {}: a gap from {} to {}, which were captured", message.id, gap.offset,
              gap.offset + gap.length);
    }
  }

  void judge_connection(std::size_t number) {
    const Connection& connection = traffic_.connections[number];
    const Witness& witness = witnesses_[number];
    for (const std::size_t side : {kClient, kServer}) {
      const std::size_t until = std::min(witness.sure[side], connection.dialogue.readable[side]);
      for (const ExpectedMessage& expected : connection.dialogue.messages[side]) {
        if (expected.end > until) break;
        const bool has_end =
            expected.framing != schema::Framing::until_close || witness.fin_acknowledged[side];
        judge_exact(expected, has_end);
      }
    }
  }
  void judge_exact(const ExpectedMessage& expected, bool has_end) {
    const auto found =
        std::find_if(outcome_.published.messages.begin(), outcome_.published.messages.end(),
                     [&](const PublishedMessage& message) { return message.id == expected.id; });
    if (found == outcome_.published.messages.end())
      return wrong("message {} is missing", expected.id);
    if (has_end && !found->complete) wrong("message {} is not complete", expected.id);
    if (!found->gaps.empty()) wrong("message {} has a gap", expected.id);
    if (found->framing != expected.framing)
      wrong("message {}: framing {}", expected.id, static_cast<int>(found->framing));
    if (!expected.interim && found->index != expected.index)
      wrong("message {}: index {}", expected.id, found->index);
    if (found->trailers != expected.trailers)
      wrong("message {}: trailers {:?} in place of {:?}", expected.id, found->trailers,
            expected.trailers);
    // Of two queues a request may be read before the SYN-ACK.
    if (scenario_.symmetric && found->has(Anomaly::one_sided))
      wrong("message {} says one_sided", expected.id);
    for (const Anomaly anomaly :
         {Anomaly::resynchronised, Anomaly::partial_connection, Anomaly::unpaired,
          Anomaly::overlap_conflict, Anomaly::head_cut}) {
      // Two versions, and no checksum speaks for one of them: it is true.
      if (anomaly == Anomaly::overlap_conflict && scenario_.network.acks_unsent) continue;
      if (found->has(anomaly)) wrong("message {} says {}", expected.id, name_of(anomaly));
    }
  }

  // Of connections that were captured whole: one flow for each, in their order.
  void judge_flows() {
    std::map<std::string, std::vector<std::size_t>> connections;
    std::map<std::string, std::vector<const PublishedFlow*>> flows;
    for (std::size_t i = 0; i < traffic_.connections.size(); ++i)
      connections[client_of(traffic_.connections[i])].push_back(i);
    std::set<std::string> servers;
    for (const Connection& connection : traffic_.connections) servers.insert(server_of(connection));
    for (const PublishedFlow& flow : outcome_.published.flows) {
      if (flow.event == schema::FlowEvent::closed) flows[flow.client].push_back(&flow);
      if (!connections.contains(flow.client) && !servers.contains(flow.client))
        wrong("a flow of {}, which nobody is", flow.client);
    }
    for (const auto& [client, numbers] : connections) {
      const bool strict = std::all_of(numbers.begin(), numbers.end(), [&](std::size_t i) {
        return is_strict(i) && witnesses_[i].whole;
      });
      if (!strict) continue;
      const auto& closed = flows[client];
      if (closed.size() != numbers.size()) {
        wrong("connection {}: {} flows of {} for {} connections",
              traffic_.connections[numbers.front()].dialogue.name, closed.size(), client,
              numbers.size());
        continue;
      }
      for (std::size_t i = 0; i < numbers.size(); ++i) judge_flow(numbers[i], *closed[i]);
    }
  }
  void judge_flow(std::size_t number, const PublishedFlow& flow) {
    const Connection& connection = traffic_.connections[number];
    const Witness& witness = witnesses_[number];
    const std::string& name = connection.dialogue.name;
    if (connection.trace.reset || !witness.fin_acknowledged[0] || !witness.fin_acknowledged[1])
      return;
    if (flow.close != schema::CloseReason::fin)
      wrong("connection {} was closed by FIN, its flow says {}", name, name_of(flow.close));
    // A full table gives up first who only waits for the last acknowledgement.
    const bool may_end_early = scenario_.plan.flows <= traffic_.connections.size();
    bool waits = may_end_early;
    for (const std::size_t side : {kClient, kServer}) {
      const PublishedHalf& half = flow.halves[side];
      if (half.payload_bytes != connection.dialogue.stream[side].size() || half.gaps != 0)
        wrong("connection {}: its flow has {} bytes and {} gaps of side {}, which sent {}", name,
              half.payload_bytes, half.gaps, side, connection.dialogue.stream[side].size());
      waits |= half.state == schema::TcpState::time_wait;
      if (!may_end_early && half.state != schema::TcpState::time_wait &&
          half.state != schema::TcpState::closed)
        wrong("connection {}: side {} ends in {}", name, side, name_of(half.state));
    }
    if (!waits) wrong("connection {}: nobody waits in TIME-WAIT", name);
    // Of queues with an order of their own nobody knows who closed first.
    if (const auto first = first_to_close(connection);
        first && scenario_.workers == 1 && !may_end_early) {
      if (flow.halves[*first].state != schema::TcpState::time_wait)
        wrong("connection {}: side {} closed first, and does not wait", name, *first);
      if (flow.halves[1 - *first].state != schema::TcpState::closed)
        wrong("connection {}: side {} closed last, and is not closed", name, 1 - *first);
    }
    if (flow.has(schema::FlowFlag::partial)) wrong("connection {}: its flow says partial", name);
  }

  const Scenario& scenario_;
  const Traffic& traffic_;
  const Outcome& outcome_;
  std::vector<Witness> witnesses_;
  bool room_ran_out_ = false;
  std::map<std::string, Known> known_;
  std::map<std::string, int> times_;
  std::vector<std::string> wrong_;
};

} // namespace

std::vector<std::string> judge(const Scenario& scenario, const Traffic& traffic,
                               const Outcome& outcome) {
  std::vector<std::string> wrong = audit(scenario, traffic, outcome);
  const std::vector<std::string> more = Judge{scenario, traffic, outcome}.judge();
  wrong.insert(wrong.end(), more.begin(), more.end());
  return wrong;
}

} // namespace xdpcap::sim
