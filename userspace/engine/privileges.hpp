#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"
#include "sandbox/sandbox.hpp"

// Who the threads of the engine become once everything that needs a privilege is open.
namespace xdpcap::engine {

// The sentence names a user that does not exist.
Result<sandbox::User, Error> look_up_user(const std::string& name);

// The user that root becomes where nobody asked for one: `xdpcap`, where systemd started this
// process as a service and the user exists.
std::optional<std::string> default_user();

// The group that may subscribe: `wanted` (--pub-group), or where root named none: that of the
// user of sudo, else the group `xdpcap`. Nothing: the process's own.
Result<std::optional<gid_t>, Error> subscribers_group(const std::optional<std::string>& wanted);

// What the threads of one run may go on doing.
struct Duties {
  std::optional<sandbox::User> user; // whom they become
  bool confined = true;              // false: --no-sandbox, capabilities are given up all the same
  std::vector<std::string> endpoint_directories;

  // Workers, publisher, ZeroMQ's, the one that writes -w: whoever touches what came from outside.
  // No capability, no file, no new socket.
  [[nodiscard]] sandbox::Rights traffic() const;
  // The main thread, which watches links and puts settings back, or makes a tap anew.
  [[nodiscard]] sandbox::Rights keeper() const;
  // The host's thread: `capabilities` as it needs them. To look into processes of others is to
  // trace them, which Landlock forbids to whoever is restricted by it.
  [[nodiscard]] sandbox::Rights host(std::vector<unsigned> capabilities) const;
};

} // namespace xdpcap::engine
