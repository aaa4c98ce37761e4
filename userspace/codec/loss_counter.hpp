#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "codec/topic.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::codec {

// Counts the batches a subscriber did not get. Each (sensor, shard, topic) is
// numbered from 0 without holes, so a jump in topic_seq is an exact loss; the
// heartbeat on `stats` says how far every topic has come, which finds the loss at
// the tail. The first batch seen of a topic only says where one came in. A new
// epoch is a restart of the capture, not a loss. Not for PULL: there each
// receiver gets its share on purpose.
//
// Memory is bounded whatever a publisher sends: sensors with longer names than the engine allows,
// and those beyond the first kSensorsMax, are not counted.
class LossCounter {
 public:
  static constexpr std::size_t kSensorNameMax = 255;
  static constexpr std::size_t kSensorsMax = 256;
  static constexpr std::size_t kStreamsMax = 16384; // shards and topics of all sensors together

  // The topics to count; others in a heartbeat are not ours to miss.
  void watch(Topic topic) noexcept { watched_[index_of(topic)] = true; }

  // Takes note of a received batch. Answers how many were found lost before it
  // (for a heartbeat: of all topics together).
  std::uint64_t see(const schema::Batch& batch);

  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

 private:
  using Stream = std::tuple<std::string, std::uint16_t, Topic>; // sensor, shard, topic
  std::uint64_t advance(std::string_view sensor, std::uint16_t shard, Topic topic,
                        std::uint64_t first_not_lost, std::uint64_t next);
  [[nodiscard]] bool enter_epoch(std::string_view sensor, std::uint64_t epoch);

  std::array<bool, kTopics> watched_{};
  std::map<std::string, std::uint64_t, std::less<>> epochs_;
  std::map<Stream, std::uint64_t> expected_; // topic_seq of the next batch
  std::uint64_t lost_ = 0;
  std::uint64_t restarts_ = 0;
};

} // namespace xdpcap::codec
