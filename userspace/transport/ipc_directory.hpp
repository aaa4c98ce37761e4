#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/result.hpp"
#include "transport/endpoint.hpp"

// The directory around an ipc endpoint. libzmq binds its socket with whatever the umask leaves and
// takes the place of any socket that is there, and a subscriber connects to whatever lies there: so
// safety is up to the directories on the way.
namespace xdpcap::transport {

// Whom directory and socket shall belong to. What is not said is the process's own.
struct Owner {
  std::optional<uid_t> user;  // whom the process will become
  std::optional<gid_t> group; // who may subscribe
};

// The level of `path`, a directory or a socket, up to the root, where somebody else than root and
// this process's user could have put something of their own: as the beginning of a sentence.
// Nothing: nobody could, or it is not there.
std::optional<std::string> find_untrusted(const std::string& path);

// Creates the directory (one level, mode 0750, of this owner) where it is missing; refuses one
// where somebody else may put a socket in our place. The default directory gets the owner's group
// also where it was there. A socket nobody listens on, left behind by a killed process, is removed;
// a live one is refused. Nothing to do for other transports; may be called again.
//
// Answers whether the directory was created here.
Result<bool, Error> prepare_endpoint(const Endpoint& endpoint, const Owner& owner);

// Gives the bound socket to those who may enter its directory, or to the owner's group.
Result<void, Error> open_socket_to(const Endpoint& endpoint, const Owner& owner);

// Connects to a local socket and leaves: 0 where somebody listens, else the errno.
int probe_socket(const std::string& path);

} // namespace xdpcap::transport
