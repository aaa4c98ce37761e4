#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::transport {

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

// Where a capture publishes when nobody says otherwise: /run/xdpcap/pub.sock for root, else below
// XDG_RUNTIME_DIR or /tmp.
std::string default_bind_endpoint();
// Root's, whoever asks.
std::string root_endpoint();

} // namespace xdpcap::transport
