#pragma once

#include <string>
#include <vector>

#include <zmq.hpp>

#include "core/error.hpp"
#include "core/result.hpp"

// CurveZMQ (https://rfc.zeromq.org/spec/26): keys, and who may connect. A key is
// 40 characters of Z85.
namespace xdpcap::transport {

struct CurveServer {
  std::string secret_key;
  std::vector<std::string>
      allowed_clients; // public keys; empty: whoever knows the server's public key
};

struct CurveClient {
  std::string server_public_key;
  std::string public_key, secret_key; // of the client
};

// The first line of a file that is a key. A secret one must be readable by its
// owner only.
Result<std::string, Error> read_key(const std::string& path, bool secret);
// All lines that are keys; lines that begin with # are comments.
Result<std::vector<std::string>, Error> read_keys(const std::string& path);
// A client with the server's public key, and its own secret key or, where `secret_path` is empty, a
// new one.
Result<CurveClient, Error> make_client(const std::string& server_key_path,
                                       const std::string& secret_path);
// Writes `base`.secret (mode 0600) and `base`.public, neither of which may exist.
Result<void, Error> generate_keys(const std::string& base);

void apply(const CurveServer& server, zmq::socket_t& socket);
void apply(const CurveClient& client, zmq::socket_t& socket);

// Answers ZeroMQ's question whether a client may connect (ZAP,
// https://rfc.zeromq.org/spec/27). Must be made before the sockets it guards are
// bound, in their context; serve() is called by the publisher thread now and then.
class ZapHandler {
 public:
  ZapHandler(zmq::context_t& context, std::vector<std::string> allowed_clients);
  void serve();

 private:
  zmq::socket_t socket_;
  std::vector<std::string> allowed_;
};

} // namespace xdpcap::transport
