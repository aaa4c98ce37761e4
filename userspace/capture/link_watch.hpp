#pragma once

#include <string>
#include <vector>

#include "capture/links.hpp"
#include "capture/netlink.hpp"

namespace xdpcap::capture {

enum class LinkChange { went_down, came_back, vanished };

struct LinkEvent {
  unsigned ifindex = 0;
  LinkChange change = LinkChange::went_down;
  std::string sentence; // for the user
};

// Hears from the kernel when captured interfaces go down, come back or vanish.
// One thread.
class LinkWatch {
 public:
  static Result<LinkWatch, Error> open(std::vector<Link> links);

  // What happened since the last call; never waits.
  [[nodiscard]] std::vector<LinkEvent> poll();

  // An interface that is not gone. When none is, the capture is over.
  [[nodiscard]] bool anything_left() const noexcept;

 private:
  struct Watched {
    Link link;
    bool running = false;
    bool gone = false;
  };
  LinkWatch(Netlink netlink, std::vector<Link> links);

  Netlink netlink_;
  std::vector<Watched> watched_;
};

} // namespace xdpcap::capture
