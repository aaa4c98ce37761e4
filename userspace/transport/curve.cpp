#include "transport/curve.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

#include <zmq_addon.hpp>

#include "core/owned_fd.hpp"

namespace xdpcap::transport {
namespace {

constexpr std::size_t kKeyCharacters = 40;
constexpr std::size_t kKeyFileMax = std::size_t{1} << 20;
using KeyText = std::array<char, kKeyCharacters + 1>;

Error unusable(std::string message) {
  return {ExitCode::usage, std::move(message)};
}

bool is_key(const std::string& line) {
  std::array<std::uint8_t, 32> decoded{};
  return line.size() == kKeyCharacters && zmq_z85_decode(decoded.data(), line.c_str()) != nullptr;
}

std::string trimmed(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

Result<void, Error> write_key(const std::string& path, const char* key, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0)
    return Error{ExitCode::output, fmt::format("cannot create {}: {}", path, std::strerror(errno))};
  const std::string line = fmt::format("{}\n", key);
  const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const bool closed = ::close(fd) == 0;
  if (!written || !closed)
    return Error{ExitCode::output, fmt::format("cannot write {}: the disk may be full", path)};
  return {};
}

// The whole of a small file. A secret one is looked at once it is open: nobody can exchange it
// then.
Result<std::string, Error> read_text(const std::string& path, bool secret) {
  const OwnedFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return unusable(fmt::format("cannot read the key file {}: {}", path, std::strerror(errno)));
  }
  if (secret && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return unusable(fmt::format(
        "the secret key {} can be read by others; chmod 600 it, and better make a new one", path));
  }
  std::string text(kKeyFileMax, ' ');
  const ssize_t length = ::read(fd.get(), text.data(), text.size());
  if (length < 0)
    return unusable(fmt::format("cannot read the key file {}: {}", path, std::strerror(errno)));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Result<std::vector<std::string>, Error> read_lines(const std::string& path, bool secret) {
  Result<std::string, Error> text = read_text(path, secret);
  if (!text) return std::move(text).error();
  std::istringstream file(*text);
  std::vector<std::string> keys;
  for (std::string line; std::getline(file, line);) {
    const std::string key = trimmed(line);
    if (key.empty() || key.front() == '#') continue;
    if (!is_key(key)) {
      return unusable(
          fmt::format("{} has a line that is no key: a key is 40 characters of Z85 "
                      "(xdpcap-sub --curve-keygen NAME makes a pair)",
                      path));
    }
    keys.push_back(key);
  }
  if (keys.empty()) return unusable(fmt::format("there is no key in {}", path));
  return keys;
}

} // namespace

Result<std::vector<std::string>, Error> read_keys(const std::string& path) {
  return read_lines(path, false);
}

Result<std::string, Error> read_key(const std::string& path, bool secret) {
  Result<std::vector<std::string>, Error> keys = read_lines(path, secret);
  if (!keys) return std::move(keys).error();
  return keys->front();
}

Result<CurveClient, Error> make_client(const std::string& server_key_path,
                                       const std::string& secret_path) {
  Result<std::string, Error> server = read_key(server_key_path, false);
  if (!server) return std::move(server).error();
  KeyText public_key{}, secret_key{};
  if (secret_path.empty()) {
    if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
      return unusable("this libzmq was built without CURVE");
    }
  } else {
    Result<std::string, Error> own = read_key(secret_path, true);
    if (!own) return std::move(own).error();
    std::copy(own->begin(), own->end(), secret_key.begin());
    if (zmq_curve_public(public_key.data(), secret_key.data()) != 0) {
      return unusable(fmt::format("{} is not a secret key", secret_path));
    }
  }
  return CurveClient{*server, public_key.data(), secret_key.data()};
}

Result<void, Error> generate_keys(const std::string& base) {
  KeyText public_key{}, secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    return unusable("this libzmq was built without CURVE");
  }
  Result<void, Error> secret = write_key(base + ".secret", secret_key.data(), 0600);
  if (!secret) return secret;
  return write_key(base + ".public", public_key.data(), 0644);
}

void apply(const CurveServer& server, zmq::socket_t& socket) {
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, server.secret_key);
  if (!server.allowed_clients.empty()) socket.set(zmq::sockopt::zap_domain, "xdpcap");
}

void apply(const CurveClient& client, zmq::socket_t& socket) {
  socket.set(zmq::sockopt::curve_serverkey, client.server_public_key);
  socket.set(zmq::sockopt::curve_publickey, client.public_key);
  socket.set(zmq::sockopt::curve_secretkey, client.secret_key);
}

ZapHandler::ZapHandler(zmq::context_t& context, std::vector<std::string> allowed_clients)
    : socket_(context, zmq::socket_type::rep), allowed_(std::move(allowed_clients)) {
  socket_.bind("inproc://zeromq.zap.01");
}

void ZapHandler::serve() {
  // Request: version, request id, domain, address, identity, mechanism, credentials.
  std::vector<zmq::message_t> request;
  while (zmq::recv_multipart(socket_, std::back_inserter(request), zmq::recv_flags::dontwait)) {
    bool allowed = false;
    if (request.size() == 7 && request[5].to_string_view() == "CURVE" && request[6].size() == 32) {
      KeyText key{};
      zmq_z85_encode(key.data(), request[6].data<std::uint8_t>(), request[6].size());
      allowed =
          std::find(allowed_.begin(), allowed_.end(), std::string(key.data())) != allowed_.end();
    }
    const std::string id = request.size() > 1 ? request[1].to_string() : std::string{};
    const std::array<zmq::const_buffer, 6> reply{
        zmq::buffer(std::string_view("1.0")),
        zmq::buffer(id),
        zmq::buffer(std::string_view(allowed ? "200" : "400")),
        zmq::buffer(std::string_view(allowed ? "" : "this key is not on the list")),
        zmq::buffer(std::string_view("")),
        zmq::buffer(std::string_view(""))};
    zmq::send_multipart(socket_, reply);
    request.clear();
  }
}

} // namespace xdpcap::transport
