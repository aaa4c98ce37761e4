#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"
#include "os/ethtool.hpp"

namespace xdpcap::capture {

// Makes a port accept frames for any address while this object lives. The kernel
// counts such wishes by socket, so nothing is to be put back, even after a kill.
class PromiscuousMode {
 public:
  static Result<PromiscuousMode, Error> enter(unsigned ifindex);

 private:
  explicit PromiscuousMode(OwnedFd socket) noexcept : socket_(std::move(socket)) {}
  OwnedFd socket_;
};

// Makes a NIC hash both directions of a connection alike while this object
// lives; its former settings are put back by the destructor, which needs
// CAP_NET_ADMIN. A killed process leaves the NIC symmetric, which harms nobody.
class SymmetricRss {
 public:
  // Never an error: what happened is in note().
  explicit SymmetricRss(const std::string& interface);
  ~SymmetricRss();
  SymmetricRss(const SymmetricRss&) = delete;
  SymmetricRss& operator=(const SymmetricRss&) = delete;

  [[nodiscard]] const std::string& note() const noexcept { return note_; }
  [[nodiscard]] bool symmetric() const noexcept { return symmetric_; }

 private:
  os::Ethtool ethtool_;
  std::optional<os::RssSettings> before_; // to be put back
  std::string note_;
  bool symmetric_ = false;
};

} // namespace xdpcap::capture
