#include "capture/link_watch.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "capture/sentence.hpp"

namespace xdpcap::capture {

LinkWatch::LinkWatch(Netlink netlink, std::vector<Link> links) : netlink_(std::move(netlink)) {
  for (Link& link : links) {
    const bool running = link.up && link.running;
    watched_.push_back({std::move(link), running, false});
  }
}

Result<LinkWatch, Error> LinkWatch::open(std::vector<Link> links) {
  auto netlink = Netlink::open(NETLINK_ROUTE, RTMGRP_LINK);
  if (!netlink) return std::move(netlink).error();
  return LinkWatch(std::move(*netlink), std::move(links));
}

std::vector<LinkEvent> LinkWatch::poll() {
  std::vector<LinkEvent> events;
  netlink_.drain([&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return;
    const Link now = parse_link(message);
    const auto watched = std::find_if(watched_.begin(), watched_.end(),
                                      [&](const Watched& w) { return !w.gone && w.link.index == now.index; });
    if (watched == watched_.end()) return;
    const std::string& name = watched->link.name;
    if (message.nlmsg_type == RTM_DELLINK) {
      watched->gone = true;
      events.push_back({now.index, LinkChange::vanished,
                        fmt::format("{} is gone: it was removed or moved to another network namespace", name)});
      return;
    }
    const bool running = now.up && now.running;
    if (running == watched->running) return;
    watched->running = running;
    events.push_back(
        running ? LinkEvent{now.index, LinkChange::came_back, fmt::format("{} is up again; capture goes on", name)}
                : LinkEvent{now.index, LinkChange::went_down,
                            fmt::format("{} went down; capture goes on when it is back", name)});
  });
  return events;
}

bool LinkWatch::anything_left() const noexcept {
  return std::any_of(watched_.begin(), watched_.end(), [](const Watched& watched) { return !watched.gone; });
}

} // namespace xdpcap::capture
