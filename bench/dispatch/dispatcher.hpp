#pragma once

#include <array>
#include <deque>
#include <string_view>
#include <thread>

#include "dispatch/contender.hpp"
#include "dispatch/parking.hpp"
#include "dispatch/stream_map.hpp"

namespace xdpcap::bench {

// One thread takes all packets and sends each to the worker that owns its stream,
// by hash, `batch` at a time; a worker has its own map. The packets themselves are
// not copied: they lie still, which frames of a real capture do not.
template <std::size_t batch>
class Dispatcher {
 public:
  static constexpr std::string_view name =
      batch == 1 ? "dispatcher_rings_batch_1" : "dispatcher_rings_batch_32";
  static_assert(batch == 1 || batch == 32);

  explicit Dispatcher(const Setup& setup) {
    const std::uint32_t share = setup.factors.streams / setup.factors.workers * 5 / 4 + 64;
    for (std::uint32_t i = 0; i < setup.factors.workers; ++i)
      workers_.emplace_back(share, setup.digests);
  }

  void run(const Input& input, const Pace& pace) {
    std::vector<std::jthread> threads;
    for (Worker& worker : workers_) threads.emplace_back([&] { worker.run(pace); });
    for (const Packet& packet : input.all) {
      if (!pace.is_due(packet.number)) {
        flush();
        pace.wait_for(packet.number);
      }
      Worker& worker = workers_[(KeyHash{}(packet.segment.key) >> 32) % workers_.size()];
      worker.filling.packets[worker.filling.count++] = &packet;
      if (worker.filling.count == batch) worker.send();
    }
    flush();
    for (Worker& worker : workers_) worker.send(); // an empty parcel is the last one
  }

  [[nodiscard]] Tally tally() const {
    Tally sum;
    for (const Worker& worker : workers_) sum += worker.desk.tally();
    return sum;
  }

 private:
  // About 10 microseconds: less than a sleep and a wake-up cost.
  static constexpr unsigned kSpins = 256;

  struct Parcel {
    std::array<const Packet*, batch> packets{};
    std::uint32_t count = 0;
  };

  struct alignas(64) Worker {
    Worker(std::uint32_t streams_max, bool digests)
        : streams(streams_max), desk({streams_max, digests}) {}

    void send() noexcept {
      inbox.push(filling);
      filling.count = 0;
    }
    void run(const Pace& pace) noexcept {
      bool is_over = false;
      while (!is_over) {
        inbox.pop_all([&](const Parcel& parcel) {
          for (std::uint32_t i = 0; i < parcel.count; ++i)
            take(streams, desk, *parcel.packets[i], pace);
          is_over |= parcel.count == 0;
        });
      }
    }

    Parcel filling; // the dispatcher's
    ParkingRing<Parcel> inbox{batch == 1 ? 4096 : 256, kSpins};
    alignas(64) OwnMap streams; // from here on the worker's
    Desk desk;
  };

  void flush() noexcept {
    for (Worker& worker : workers_) {
      if (worker.filling.count != 0) worker.send();
    }
  }

  std::deque<Worker> workers_;
};

} // namespace xdpcap::bench
