#include "dispatch/workload.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "tcp/flow_hash.hpp"

namespace xdpcap::bench {
namespace {

constexpr std::size_t kSegmentBytes = 1460;
constexpr std::size_t kBulkBody = 16384;
constexpr std::size_t kVariants = 8;
constexpr std::uint32_t kExchangesOfShortStream = 4;

std::string padded(std::string head, std::size_t bytes) {
  head += "X-Filler: ";
  head.append(bytes - head.size() - 4, 'x');
  return head + "\r\n\r\n";
}
std::string request_text(std::size_t variant) {
  return padded(
      "GET /catalogue/item-" + std::to_string(variant) +
          "?view=full HTTP/1.1\r\nHost: shop.example\r\n" +
          "Accept: application/json\r\nUser-Agent: bench/1.0\r\nConnection: keep-alive\r\n",
      300);
}
std::string response_text(std::size_t variant, std::size_t body) {
  std::string text =
      "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body) + "\r\nCache-Control: no-store\r\n\r\n";
  for (std::size_t i = 0; i < body; ++i) text += static_cast<char>('a' + (i * 7 + variant) % 26);
  return text;
}

wire::Endpoint endpoint(std::uint32_t address, std::uint16_t port) {
  std::array<std::byte, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::byte>(address >> (24 - 8 * i));
  return {wire::Address::from_v4(bytes.data()), port};
}

// xorshift: the same numbers with every library.
class Random {
 public:
  std::uint64_t operator()() noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  std::uint32_t below(std::uint32_t limit) noexcept {
    return static_cast<std::uint32_t>(((*this)() >> 32) % limit);
  }
  double unit() noexcept { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_ = 0x2545f4914f6cdd1dULL;
};

// One segment of an exchange: who sends, and what.
struct Step {
  bool from_client = true;
  Bytes payload;
};
using Exchange = std::vector<Step>;

// The exchange of one variant, its texts kept in `texts`.
Exchange exchange_of(Mix mix, std::size_t variant, std::deque<std::string>& texts) {
  const std::size_t body = mix == Mix::small  ? 370
                           : mix == Mix::bulk ? kBulkBody
                                              : 4 * kSegmentBytes - 130;
  const Bytes request = as_bytes(texts.emplace_back(request_text(variant)));
  Bytes response = as_bytes(texts.emplace_back(response_text(variant, body)));
  Exchange steps{{true, request}};
  if (mix == Mix::small) {
    steps.push_back({false, response});
    return steps;
  }
  if (mix == Mix::ack_heavy) steps.push_back({false, {}});
  for (std::size_t segment = 0; !response.empty(); ++segment) {
    const std::size_t bytes = std::min(kSegmentBytes, response.size());
    steps.push_back({false, response.first(bytes)});
    response = response.subspan(bytes);
    if (mix == Mix::ack_heavy) steps.push_back({true, {}}); // the second one as a window update
    if (mix == Mix::ack_heavy || segment % 2 == 1) steps.push_back({true, {}});
  }
  return steps;
}

// Both ends of one connection, speaking in turn.
struct Talk {
  wire::Endpoint client, server;
  std::array<std::uint32_t, 2> next{}; // sequence numbers of client and server
  std::uint32_t id = 0;
  std::uint32_t handshake = 0; // steps done
  std::uint32_t exchanges = 0; // done
  std::size_t step = 0;        // of the exchange
  std::uint32_t farewell = 0;  // steps done
  std::uint32_t ordinal = 0;
  std::optional<Packet> late; // goes out after `late_by` more packets
  std::uint32_t late_by = 0;
};

} // namespace

class Generator {
 public:
  Generator(const Factors& factors, Workload& workload) : factors_(factors), workload_(workload) {
    for (std::size_t variant = 0; variant < kVariants; ++variant) {
      exchanges_.push_back(exchange_of(factors.mix, variant, workload.texts_));
    }
    talks_.resize(factors.streams);
    for (Talk& talk : talks_) begin(talk);
    if (factors.popularity == Popularity::zipf) {
      double sum = 0;
      for (std::uint32_t i = 0; i < factors.streams; ++i) {
        sum += 1 / std::pow(i + 1, 1.1);
        zipf_.push_back(sum);
      }
    }
  }

  void open_all() {
    for (Talk& talk : talks_) {
      while (talk.exchanges == 0) put(workload_.opening_.all, talk, advance(talk));
    }
  }
  void go_on(std::uint32_t packets) {
    std::vector<Packet>& phase = workload_.steady_.all;
    phase.reserve(packets + 4);
    while (phase.size() < packets) speak(phase, talks_[choose()]);
  }

 private:
  void begin(Talk& talk) {
    talk = Talk{};
    talk.id = static_cast<std::uint32_t>(workload_.streams_opened_++);
    constexpr std::uint32_t kPorts = 50000;
    talk.client = endpoint(0x0a000001 + talk.id / kPorts,
                           static_cast<std::uint16_t>(10000 + talk.id % kPorts));
    talk.server = endpoint(0xc0a80001, 80);
    talk.next = {static_cast<std::uint32_t>(random_()), static_cast<std::uint32_t>(random_())};
  }

  std::uint32_t choose() {
    switch (factors_.popularity) {
      case Popularity::zipf: {
        const auto at = std::lower_bound(zipf_.begin(), zipf_.end(), random_.unit() * zipf_.back());
        return static_cast<std::uint32_t>(
            std::min<std::ptrdiff_t>(at - zipf_.begin(), factors_.streams - 1));
      }
      case Popularity::elephant:
        if (random_.below(2) == 0) return 0;
        break;
      case Popularity::uniform:
        break;
    }
    return random_.below(factors_.streams);
  }

  // The next packet of a stream, and what was late and is due now.
  void speak(std::vector<Packet>& phase, Talk& talk) {
    const bool may_be_late = talk.handshake == 3 && talk.farewell == 0 && !talk.late;
    Packet packet = advance(talk);
    if (may_be_late && talk.farewell == 0 && random_.below(100) < factors_.out_of_order_percent) {
      talk.late = packet;
      talk.late_by = 1 + random_.below(3);
      return;
    }
    // A FIN is the last of its direction: what is late goes out before.
    if (talk.late && (talk.late_by == 0 || talk.farewell > 0)) put_late(phase, talk);
    put(phase, talk, packet);
    if (talk.late) --talk.late_by;
    if (talk.farewell == 3) begin(talk);
  }
  static void put_late(std::vector<Packet>& phase, Talk& talk) {
    const Packet late = *talk.late;
    talk.late.reset();
    put(phase, talk, late);
  }
  static void put(std::vector<Packet>& phase, Talk& talk, Packet packet) {
    packet.number = static_cast<std::uint32_t>(phase.size());
    packet.ordinal = talk.ordinal++;
    phase.push_back(packet);
  }

  Packet advance(Talk& talk) {
    using wire::TcpFlags;
    if (talk.handshake < 3) {
      const std::uint32_t step = talk.handshake++;
      return make(talk, step != 1, {},
                  step == 0   ? TcpFlags::syn
                  : step == 1 ? TcpFlags::syn | TcpFlags::ack
                              : TcpFlags::ack);
    }
    if (factors_.churn && talk.exchanges == kExchangesOfShortStream) {
      const std::uint32_t step = talk.farewell++;
      return make(talk, step != 1, {}, step == 2 ? TcpFlags::ack : TcpFlags::fin | TcpFlags::ack);
    }
    const Exchange& exchange = exchanges_[(talk.id + talk.exchanges) % kVariants];
    const Step& step = exchange[talk.step++];
    if (talk.step == exchange.size()) {
      talk.step = 0;
      ++talk.exchanges;
    }
    return make(talk, step.from_client, step.payload, TcpFlags::ack);
  }

  Packet make(Talk& talk, bool from_client, Bytes payload, unsigned flags) const {
    Packet packet;
    wire::Segment& segment = packet.segment;
    const bool client_is_low = talk.client < talk.server;
    segment.key = client_is_low ? wire::FlowKey{talk.client, talk.server}
                                : wire::FlowKey{talk.server, talk.client};
    segment.from_low = from_client == client_is_low;
    segment.flags.bits = static_cast<std::uint8_t>(flags);
    std::uint32_t& next = talk.next[from_client ? 0 : 1];
    segment.seq = Seq{next};
    if (segment.flags.has(wire::TcpFlags::ack)) segment.ack = Seq{talk.next[from_client ? 1 : 0]};
    next += static_cast<std::uint32_t>(payload.size());
    if (segment.flags.has(wire::TcpFlags::syn | wire::TcpFlags::fin)) ++next;
    segment.payload = payload;
    segment.window = 65535;
    segment.wire_length = static_cast<std::uint32_t>(54 + payload.size());
    segment.arrived = instant_from_ns(1'700'000'000'000'000'000);
    return packet;
  }

  const Factors& factors_;
  Workload& workload_;
  std::vector<Exchange> exchanges_; // by variant
  std::vector<Talk> talks_;
  std::vector<double> zipf_;
  Random random_;
};

Workload::Workload(const Factors& factors, std::uint32_t steady_packets) {
  Generator generator{factors, *this};
  if (!factors.churn) generator.open_all();
  generator.go_on(steady_packets);
  split(opening_, factors.workers);
  split(steady_, factors.workers);
}

void Workload::split(Phase& phase, std::uint32_t queues) {
  const tcp::FlowHash hash{{.low = 0x5ca1ab1e}};
  phase.queues.resize(queues);
  for (const Packet& packet : phase.all)
    phase.queues[(hash(packet.segment.key) >> 32) % queues].push_back(packet);
}

Input Workload::input_of(const Phase& phase) {
  Input input{phase.all, {}};
  for (const auto& queue : phase.queues) input.queues.emplace_back(queue);
  return input;
}

Input Input::slice(std::uint32_t from, std::uint32_t to) const {
  const auto cut = [&](std::span<const Packet> packets) {
    const auto before = [](const Packet& packet, std::uint32_t number) {
      return packet.number < number;
    };
    const auto begin = std::lower_bound(packets.begin(), packets.end(), from, before);
    const auto end = std::lower_bound(packets.begin(), packets.end(), to, before);
    return packets.subspan(static_cast<std::size_t>(begin - packets.begin()),
                           static_cast<std::size_t>(end - begin));
  };
  Input made{cut(all), {}};
  for (const auto& queue : queues) made.queues.push_back(cut(queue));
  return made;
}

} // namespace xdpcap::bench
