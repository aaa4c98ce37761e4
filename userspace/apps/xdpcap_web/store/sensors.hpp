#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/xdpcap_generated.h"

namespace xdpcap::web {

using SteadyTime = std::chrono::steady_clock::time_point;

// A figure of a sensor's ledger: a total, and how fast it grows.
struct SensorCounter {
  std::string name, interface; // interface empty: of the whole process
  std::int32_t queue = -1;
  std::uint64_t value = 0;
  double rate = 0;      // a second
  SteadyTime grew = {}; // when it was last seen to grow

  // It counts what is wrong now (schemas/README.md, "Health"), or what was wanted and got lost.
  [[nodiscard]] bool is_health() const noexcept { return name.starts_with("health_"); }
  [[nodiscard]] bool is_loss() const noexcept {
    return name.find("_dropped") != std::string::npos && name != "tcp_held_dropped";
  }
};

struct SensorInterface {
  unsigned index = 0;
  std::int16_t number = -1; // as records of this sensor name it; -1: not captured
  std::string name, driver, mac, xdp, xdp_name;
  std::vector<std::string> ipv4, ipv6;
  bool up = false, running = false;
  std::uint32_t mtu = 0, speed = 0;
  std::uint32_t network_namespace = 0;
  std::uint64_t round = 0; // of Sensor::interface_round, when it was last reported
};

// A capture that sent something, as its last statistics show it.
struct Sensor {
  std::shared_ptr<const std::string> name;
  std::uint64_t epoch_ns = 0, at_ns = 0;
  SteadyTime last_seen;
  bool has_stats = false; // statistics came
  bool ended = false;     // it said it ends
  std::vector<SensorCounter> counters;
  std::vector<std::string> publishes;
  struct Endpoint {
    std::string name;
    std::uint64_t published = 0, dropped = 0;
  };
  std::vector<Endpoint> endpoints;
  std::vector<SensorInterface> interfaces;
  std::uint64_t interface_round =
      0; // the kernel is asked again and again: each time all of them are reported
  std::uint64_t lost_batches = 0;
  SteadyTime lost = {}; // when batches of it were last found lost

  [[nodiscard]] bool publishes_topic(std::string_view topic) const;
  // Of an interface by the number that records carry; 0: not known.
  [[nodiscard]] std::uint32_t namespace_of(std::uint16_t interface) const noexcept;
  // Nothing came from it for five seconds, though it sends each second.
  [[nodiscard]] bool stale(SteadyTime now) const {
    return !ended && now - last_seen > std::chrono::seconds(5);
  }
};

// By name. Not locked.
class Sensors {
 public:
  // Any batch of it. A new epoch begins it anew. Nothing where the name is none that a capture has:
  // over 255 bytes, or with control characters.
  Sensor* update_from(const schema::Batch& batch, SteadyTime now);
  static void add(Sensor& sensor, const schema::StatsRecord& record);
  static void add(Sensor& sensor,
                  const flatbuffers::Vector<flatbuffers::Offset<schema::InterfaceRecord>>& records);

  [[nodiscard]] const std::map<std::string, Sensor, std::less<>>& all() const noexcept {
    return sensors_;
  }
  // Batches that were left out for their name, and how the last one began.
  struct Refused {
    std::uint64_t batches = 0;
    std::string name;
    SteadyTime last = {};
  };
  [[nodiscard]] const Refused& refused() const noexcept { return refused_; }
  [[nodiscard]] bool any_publishes(std::string_view topic) const;
  // Some sensor is alive: neither ended nor stale.
  [[nodiscard]] bool any_alive(SteadyTime now) const;

 private:
  // What a capture sends is well within these; whoever is not one may send anything.
  static constexpr std::size_t kSensorsMax = 256, kCountersMax = 8192, kInterfacesMax = 4096,
                               kEndpointsMax = 64;
  static constexpr std::size_t kNameMax = 255; // what an engine sends at most
  std::map<std::string, Sensor, std::less<>> sensors_;
  Refused refused_;
};

} // namespace xdpcap::web
