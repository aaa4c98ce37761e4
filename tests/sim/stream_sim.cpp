// Two ends talk over a bad network that is captured badly: loss, repeats, delay,
// other segment borders, at random from a seed. What the tracker delivers is
// compared with what was sent: every byte right, in order, once; a gap only where
// the capture missed the bytes; and every frame accounted for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

struct Weather {
  double captured_not = 0; // a segment reaches the receiver, and is not captured
  double repeated = 0;     // is sent twice
  double recut = 0;        // the repeat has other borders
  double delayed = 0;      // is captured later than its successors
  double swapped = 0;      // is captured after the segments that answer it
  bool clocks = false;     // timestamps; what is sent again carries the clock of then
  double offloaded = 0;    // a side leaves its checksums to hardware
  double forged = 0;       // somebody else sends other bytes before it, with a checksum of no value
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Weather weather) : random_(seed), weather_(weather) {
    wire_.stage.client_isn = static_cast<std::uint32_t>(random_());
    wire_.stage.server_isn = static_cast<std::uint32_t>(random_());
    const std::size_t length = 1 + random_() % 60000;
    tick_ = static_cast<std::uint32_t>(random_());
    for (bool& offloads : offloads_) offloads = happens(weather_.offloaded);
    for (std::string& text : sent_) {
      text.resize(length);
      for (char& byte : text) byte = static_cast<char>('a' + random_() % 26);
    }
  }

  void run() {
    wire_.handshake();
    std::vector<Line> captured;
    // The ends speak in turns, like requests and responses.
    while (at_[0] < sent_[0].size() || at_[1] < sent_[1].size()) {
      speak(random_() % 2, captured);
      if (random_() % 4 == 0) flush(captured);
    }
    for (std::size_t side = 0; side < 2; ++side) {
      Line last = line(side, at_[side], "");
      captured.push_back(last.fin());
      acked_fin_[side] = true;
      captured.push_back(line(1 - side, at_[1 - side], ""));
    }
    flush(captured);
    wire_.wait(std::chrono::seconds{1});
    wire_.end();
  }

  void check() const {
    for (std::size_t side = 0; side < 2; ++side) {
      const std::string& received = wire_.received.text[side];
      ASSERT_EQ(received.size(), sent_[side].size());
      for (std::size_t i = 0; i < received.size(); ++i) {
        if (received[i] == '_') {
          ASSERT_TRUE(missed_at(side, i)) << "a gap at " << i << ", which was captured";
        } else {
          ASSERT_EQ(received[i], sent_[side][i]) << "byte " << i << " of side " << side;
        }
      }
    }
    if (weather_.captured_not == 0) {
      EXPECT_TRUE(wire_.received.gaps.empty());
    }
    EXPECT_TRUE(wire_.defects.empty());
    EXPECT_TRUE(wire_.ledger_closes());
    EXPECT_EQ(wire_.tracker.reassembler().out_of_order().slabs_in_use(), 0U);
    EXPECT_EQ(wire_.received.ends[0].size(), 1U);
    EXPECT_EQ(wire_.received.ends[1].size(), 1U);
  }

 private:
  bool happens(double chance) { return std::uniform_real_distribution<>{0, 1}(random_) < chance; }

  Line line(std::size_t side, std::size_t position, const std::string& text) const {
    Line made = side == 0 ? client() : server();
    const std::int64_t acked =
        static_cast<std::int64_t>(at_[1 - side]) + (acked_fin_[1 - side] ? 1 : 0);
    made = made.at(static_cast<std::int64_t>(position)).acks(acked).says(text);
    if (weather_.clocks) made = made.clock(tick_);
    return offloads_[side] ? made.checksum(wire::ChecksumResult::offloaded) : made;
  }

  // Sent again, with the clock of then.
  Line later(const Line& segment) {
    if (!weather_.clocks) return segment;
    tick_ += static_cast<std::uint32_t>(random_() % 20);
    return segment.clock(tick_);
  }

  bool missed_at(std::size_t side, std::size_t position) const {
    return std::any_of(missed_[side].begin(), missed_[side].end(), [&](const auto& range) {
      return position >= range.first && position < range.second;
    });
  }

  // Some segments of one side, received and acknowledged by the other.
  void speak(std::size_t side, std::vector<Line>& captured) {
    for (std::size_t n = 1 + random_() % 8; n > 0 && at_[side] < sent_[side].size(); --n) {
      const std::size_t length =
          std::min<std::size_t>(1 + random_() % 1460, sent_[side].size() - at_[side]);
      if (weather_.clocks) tick_ += static_cast<std::uint32_t>(random_() % 3);
      const Line segment = line(side, at_[side], sent_[side].substr(at_[side], length));
      if (happens(weather_.forged)) {
        // One that hardware seems to be the reason for is believed when it is acknowledged, and a
        // capture that shows answers first shows that before the segment that was taken.
        const bool in_order = weather_.delayed == 0;
        const auto state = in_order ? wire::ChecksumResult::offloaded : wire::ChecksumResult::bad;
        captured.push_back(line(side, at_[side], std::string(length, '!')).checksum(state));
      }
      if (happens(weather_.captured_not)) {
        missed_[side].push_back({at_[side], at_[side] + length});
      } else {
        captured.push_back(segment);
        if (happens(weather_.repeated)) captured.push_back(later(segment));
      }
      at_[side] += length;
      if (happens(weather_.recut)) {
        const std::size_t from = at_[side] - std::min<std::size_t>(at_[side], random_() % 3000);
        const std::size_t until = std::min(at_[side], from + 1 + random_() % 2000);
        captured.push_back(later(line(side, from, sent_[side].substr(from, until - from))));
        uncover(side, from, until);
      }
    }
    captured.push_back(line(1 - side, at_[1 - side], ""));
  }

  // What is sent again is captured after all.
  void uncover(std::size_t side, std::size_t from, std::size_t until) {
    std::vector<std::pair<std::size_t, std::size_t>> left;
    for (const auto& [begin, end] : missed_[side]) {
      if (begin < from) left.push_back({begin, std::min(end, from)});
      if (end > until) left.push_back({std::max(begin, until), end});
    }
    missed_[side] = left;
  }

  void flush(std::vector<Line>& captured) {
    for (std::size_t i = 0; i + 1 < captured.size(); ++i) {
      if (happens(weather_.delayed))
        std::swap(captured[i],
                  captured[i + 1 + random_() % std::min<std::size_t>(captured.size() - i - 1, 6)]);
    }
    if (happens(weather_.swapped))
      std::stable_partition(captured.begin(), captured.end(),
                            [](const Line& l) { return !l.from_client; });
    for (const Line& segment : captured) wire_.receive(segment, std::chrono::microseconds{10});
    captured.clear();
  }

  std::mt19937_64 random_;
  Weather weather_;
  Observed wire_{limits()};
  std::string sent_[2];
  std::size_t at_[2] = {0, 0};
  bool acked_fin_[2] = {false, false};
  std::uint32_t tick_ = 0;
  bool offloads_[2] = {false, false};
  std::vector<std::pair<std::size_t, std::size_t>> missed_[2];

  static tcp::TrackerLimits limits() {
    tcp::TrackerLimits limits = Observed::small();
    limits.reassembly.out_of_order_bytes = 4 << 20;
    limits.reassembly.out_of_order_bytes_max = 1 << 20;
    return limits;
  }
};

void run_many(Weather weather) {
  const char* const one = std::getenv("XDPCAP_SEED");
  const char* const many = std::getenv("XDPCAP_SEEDS");
  const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t count = one != nullptr    ? 1
                              : many != nullptr ? std::strtoull(many, nullptr, 10)
                                                : 300;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("XDPCAP_SEED=" + std::to_string(seed));
    Simulation simulation{seed, weather};
    simulation.run();
    simulation.check();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, a_clean_network) {
  run_many({});
}
TEST(Simulation, repeats_and_other_borders) {
  run_many({.repeated = 0.2, .recut = 0.3});
}
TEST(Simulation, segments_overtake_each_other) {
  run_many({.repeated = 0.05, .delayed = 0.3});
}
TEST(Simulation, answers_are_captured_before_questions) {
  run_many({.swapped = 0.7});
}
TEST(Simulation, the_capture_misses_segments) {
  run_many({.captured_not = 0.05});
}
TEST(Simulation, timestamps_of_what_overtakes_and_is_sent_again) {
  run_many({.repeated = 0.1, .recut = 0.2, .delayed = 0.3, .clocks = true});
}
TEST(Simulation, checksums_are_left_to_hardware) {
  run_many({.repeated = 0.1, .recut = 0.1, .delayed = 0.2, .clocks = true, .offloaded = 0.5});
}
TEST(Simulation, somebody_forges_segments) {
  run_many({.repeated = 0.1, .clocks = true, .forged = 0.2});
  run_many({.repeated = 0.1, .delayed = 0.1, .clocks = true, .forged = 0.2});
}
TEST(Simulation, everything_at_once) {
  run_many({.captured_not = 0.03,
            .repeated = 0.1,
            .recut = 0.1,
            .delayed = 0.2,
            .swapped = 0.3,
            .clocks = true,
            .offloaded = 0.3});
}

} // namespace
} // namespace xdpcap::test
