#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/api/feed.hpp"
#include "apps/xdpcap_web/api/packet.hpp"
#include "apps/xdpcap_web/store/batch_listener.hpp"
#include "core/mutex.hpp"

namespace xdpcap::web {

// Packets as they pass (`GET /api/capture`). Listens from the moment it is made until its last
// reference is gone: batches are queued on the ingest thread, and turned into events on the
// server's.
class CaptureFeed : public Feed, public BatchListener {
 public:
  static Result<std::shared_ptr<Feed>, ApiError> open(const Request& request, Api::Parts parts,
                                                      const HostAddresses& looked_up);
  // Names of hosts that are to be looked up for open().
  static std::vector<std::string> names_in(const Request& request);
  ~CaptureFeed() override;

  void on_batch(const BatchPointer& batch, codec::Topic topic) noexcept override;
  Composed compose(std::vector<Change>& changes, bool second, Time until) override;
  [[nodiscard]] std::string report_loss(std::uint64_t lost) const override;

 private:
  // Bytes of batches that may wait for the next tick.
  static constexpr std::size_t kQueuedMax = std::size_t{8} << 20;
  // Bytes of events in one chunk; what is over waits for the next.
  static constexpr std::size_t kChunkMax = std::size_t{512} << 10;

  CaptureFeed(PacketFilter filter, Api::Parts parts);
  void append_packets(std::string& text, const KeptBatch& batch, std::uint64_t& events) const;
  void append_trouble(std::string& text);
  [[nodiscard]] std::string_view interface_name(std::string_view sensor,
                                                std::uint16_t number) const;

  PacketFilter filter_;
  Api::Parts parts_;
  std::map<std::pair<std::string, std::int32_t>, std::string> names_; // (sensor, number) to name
  std::string last_trouble_; // the trouble that was reported last

  Mutex mutex_;
  std::deque<BatchPointer> queue_ XDPCAP_GUARDED_BY(mutex_);
  std::size_t queued_ XDPCAP_GUARDED_BY(mutex_) = 0;
  // Packets in batches there was no room for.
  std::uint64_t lost_ XDPCAP_GUARDED_BY(mutex_) = 0;
};

} // namespace xdpcap::web
