#include <fmt/core.h>

#include "engine/engine.hpp"

// What the engine gives up: planned before anything is opened, done once everything is.
namespace xdpcap::engine {

Result<void, Error> Engine::plan_privileges() {
  const std::optional<std::string> name = config_.user ? config_.user : default_user();
  if (name) {
    auto found = look_up_user(*name);
    if (!found) return std::move(found).error();
    duties_.user = *found;
    owner_.user = found->uid;
    notes_.push_back(fmt::format("running as {}", *name));
  }
  auto group = subscribers_group(config_.pub_group);
  if (!group) return std::move(group).error();
  owner_.group = *group;
  if (!owner_.group && duties_.user) owner_.group = duties_.user->gid;
  duties_.confined = config_.sandbox;
  return {};
}

// All of it is a thread's own: ZeroMQ's threads and the host's have given up theirs already,
// workers and publisher do so as they start. This one watches links and puts settings back at the
// end.
Result<void, Error> Engine::drop_privileges() {
  for (const std::string& text : publisher_->endpoints()) {
    const auto endpoint = transport::parse_endpoint(text);
    if (endpoint && endpoint->transport == transport::Endpoint::Transport::ipc) {
      duties_.endpoint_directories.push_back(endpoint->directory());
    }
  }
  auto confined = sandbox::confine(duties_.keeper());
  if (!confined) return std::move(confined).error();
  notes_.insert(notes_.end(), confined->begin(), confined->end());
  return {};
}

} // namespace xdpcap::engine
