#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/owned_fd.hpp"

namespace xdpcap::os {

// Receive side scaling of a NIC, as ETHTOOL_GRSSH tells it.
struct RssSettings {
  std::vector<std::uint8_t> key;
  std::vector<std::uint32_t> indirection;
  std::uint8_t hash_function = 0;
  std::uint8_t transform = 0; // input_xfrm of kernel 6.8: 1 is symmetric-xor

  // Both directions of a connection give the same hash (see symmetric_key()).
  [[nodiscard]] bool symmetric() const noexcept;
};

// 0x6D5A over and over: Toeplitz with this key gives both directions one hash
// (Woo and Park, "Scalable TCP Session Monitoring with Symmetric RSS", 2012).
std::vector<std::uint8_t> symmetric_key(std::size_t bytes);

// The driver's settings of one interface, by the ETHTOOL ioctl. Belongs to the
// network namespace the thread is in at construction. Cold path; what a driver
// does not offer is nullopt, and setters answer 0 or an errno.
class Ethtool {
 public:
  explicit Ethtool(std::string interface);

  [[nodiscard]] std::string driver() const;                 // empty: not told
  [[nodiscard]] std::optional<std::uint32_t> speed() const; // Mbit/s
  // Receive queues in use: what a socket can be bound to; at least 1.
  [[nodiscard]] std::uint32_t receive_queues() const;
  int set_queues(std::uint32_t count) const; // receive and transmit alike

  // Offloads by the names `ethtool -k` has for them in strings set ETH_SS_FEATURES.
  [[nodiscard]] std::map<std::string, bool, std::less<>> features() const;
  // Switches off every feature for which `which` holds; what is fixed stays.
  int disable_features(bool (*which)(std::string_view name)) const;

  [[nodiscard]] std::optional<RssSettings> rss() const;
  int set_rss(const RssSettings& settings) const;

 private:
  int call(void* command) const; // 0 or errno
  [[nodiscard]] std::vector<std::string> feature_names() const;

  std::string interface_;
  OwnedFd socket_;
};

} // namespace xdpcap::os
