#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/ledger.hpp"
#include "engine/queue_worker.hpp"
#include "sim/published.hpp"
#include "sim/scenario.hpp"

// The engine without its threads: workers are stepped in an order that the seed chooses.
namespace xdpcap::sim {

// The frames of one queue. What a burst lent is overwritten and given back when the burst ends, so
// that nobody can keep it unseen.
class SimSource {
 public:
  class Burst {
   public:
    Burst(SimSource& source, Instant now) : source_(source), now_(now) {}
    ~Burst() { source_.take_back(); }
    Burst(const Burst&) = delete;
    Burst& operator=(const Burst&) = delete;
    [[nodiscard]] std::span<const wire::Frame> frames() const& noexcept { return source_.lent_; }
    void frames() const&& = delete;
    [[nodiscard]] Instant now() const noexcept { return now_; }

   private:
    SimSource& source_;
    Instant now_;
  };

  // Of AF_XDP sockets; any will do.
  static constexpr std::size_t burst_max = 64;

  [[nodiscard]] Burst receive();
  [[nodiscard]] bool is_ready() const noexcept { return !waiting_.empty(); }
  [[nodiscard]] bool finished() const noexcept { return stopped_ && waiting_.empty(); }

  void arrive(const Frame& frame, std::size_t number);
  void advance(Instant now) noexcept { now_ = std::max(now_, now); }
  void stop() noexcept { stopped_ = true; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  // The frames of the last burst.
  [[nodiscard]] std::vector<std::size_t> last_burst() { return std::exchange(last_, {}); }

 private:
  void take_back() noexcept;

  std::deque<std::pair<const Frame*, std::size_t>> waiting_;
  std::vector<std::unique_ptr<std::vector<std::byte>>> bytes_;
  std::vector<wire::Frame> lent_;
  std::vector<std::size_t> last_;
  Instant now_ = Instant{};
  bool stopped_ = false;
};

struct Outcome {
  Published published;
  engine::Ledger ledger;
  std::vector<bool> delivered; // by frame: a worker took it
  std::uint64_t beyond_count = 0;
  std::uint64_t ring_full = 0;
  std::vector<std::string> leftovers; // what should not be there after the end
};

Outcome run(const Scenario& scenario, const Traffic& traffic, Random& random);

} // namespace xdpcap::sim
