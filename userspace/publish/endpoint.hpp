#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::publish {

// A ZeroMQ endpoint as a user writes it: ipc:///path, tcp://host:port (host: an
// address, an interface or *; IPv6 in brackets), inproc://name.
struct Endpoint {
  enum class Transport { ipc, tcp, inproc };

  std::string text; // as ZeroMQ takes it
  Transport transport = Transport::ipc;
  std::string path; // ipc
  std::string host; // tcp, without brackets
  std::string port; // tcp; may be "*" where one binds

  // Nobody but processes of this host can reach it.
  [[nodiscard]] bool is_local() const noexcept;
  [[nodiscard]] std::string directory() const; // of an ipc path
};
Result<Endpoint, Error> parse_endpoint(std::string_view text);

// Where a capture publishes, and where a consumer looks, when nobody says
// otherwise: /run/xdpcap/pub.sock for root, else below XDG_RUNTIME_DIR or /tmp.
// A consumer finds root's socket where there is one.
std::string default_bind_endpoint();
std::string default_connect_endpoint();

// Whom the directory of a socket shall belong to, where privileges are dropped
// after it was made.
struct Owner {
  uid_t user = 0;
  gid_t group = 0;
};

// The private directory of an ipc endpoint: libzmq binds its socket with
// whatever the umask leaves and takes the place of any socket that is there, so
// safety is up to the directory around it. Created (one level, mode 0750) where
// it is missing; refused where somebody else owns it or may put a socket in our place. A
// socket nobody listens on, left behind by a killed process, is removed; a live
// one is refused. Nothing to do for other transports; may be called again.
//
// Answers whether the directory was created here.
Result<bool, Error> prepare_endpoint(const Endpoint& endpoint, std::optional<Owner> owner);

} // namespace xdpcap::publish
