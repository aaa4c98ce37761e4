#include "consume/receiver.hpp"

#include <fmt/core.h>

#include "consume/silence.hpp"

namespace xdpcap::consume {
namespace {

// Of bodies an engine keeps 1 MiB unless an option says otherwise.
constexpr std::int64_t kBatchBytesMax = std::int64_t{256} << 20;

// Parts of one message arrive together, so that none has to be waited for.
bool receive_part(zmq::socket_t& socket, zmq::message_t& part) {
  for (;;) {
    try {
      return socket.recv(part, zmq::recv_flags::dontwait).has_value();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

} // namespace
Result<void, Error> configure(Sources& sources, const std::string& server_key,
                              const std::string& secret_key) {
  if (server_key.empty() && !secret_key.empty())
    return Error{ExitCode::usage,
                 "--curve-secret-key-file needs --curve-server-key, the public key of the capture"};
  if (!server_key.empty()) {
    auto client = transport::make_client(server_key, secret_key);
    if (!client) return std::move(client).error();
    sources.curve = std::move(*client);
  }
  if (sources.connect.empty() && sources.pull.empty()) sources.connect = default_endpoints();
  for (const auto* list : {&sources.connect, &sources.pull}) {
    for (const std::string& text : *list) {
      if (auto checked = check_trust(text); !checked) return checked;
    }
  }
  return {};
}

Result<std::unique_ptr<Receiver>, Error> Receiver::open(const Sources& sources) {
  std::unique_ptr<Receiver> receiver(new Receiver());
  for (const codec::Topic topic : sources.topics) receiver->losses_.watch(topic);
  const std::string* current = nullptr;
  try {
    for (const std::string& endpoint : sources.connect)
      receiver->add(*(current = &endpoint), false, sources);
    receiver->subscriptions_ = receiver->sockets_.size();
    for (const std::string& endpoint : sources.pull)
      receiver->add(*(current = &endpoint), true, sources);
  } catch (const zmq::error_t& error) {
    return Error{ExitCode::usage, fmt::format("cannot connect to {}: {}", *current, error.what())};
  }
  for (zmq::socket_t& socket : receiver->sockets_)
    receiver->items_.push_back({socket.handle(), 0, ZMQ_POLLIN, 0});
  return receiver;
}

void Receiver::add(const std::string& endpoint, bool pull, const Sources& sources) {
  zmq::socket_t socket(context_, pull ? zmq::socket_type::pull : zmq::socket_type::sub);
  socket.set(zmq::sockopt::rcvhwm, sources.queue_batches);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, kBatchBytesMax); // who sends more is no capture
  socket.set(zmq::sockopt::ipv6, true);
  // A capture that was restarted is found again soon.
  socket.set(zmq::sockopt::reconnect_ivl, 100);
  socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
  if (sources.curve && endpoint.starts_with("tcp://")) apply(*sources.curve, socket);
  if (!pull) {
    for (const codec::Topic topic : sources.topics)
      socket.set(zmq::sockopt::subscribe, name_of(topic));
    socket.set(zmq::sockopt::subscribe, name_of(codec::Topic::stats));
  }
  socket.connect(endpoint);
  sockets_.push_back(std::move(socket));
}

// A batch is two parts. More or fewer are no batch: what is there of the message is read away.
bool Receiver::receive_payload(zmq::socket_t& socket, const zmq::message_t& topic) {
  if (!topic.more() || !receive_part(socket, payload_)) return false;
  if (!payload_.more()) return true;
  zmq::message_t rest;
  while (receive_part(socket, rest) && rest.more()) {
  }
  return false;
}

std::optional<Received> Receiver::next(std::chrono::milliseconds timeout) {
  for (bool waited = false;; waited = true) {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      const std::size_t at = (turn_ + i) % sockets_.size();
      zmq::message_t topic;
      if (!receive_part(sockets_[at], topic)) continue;
      turn_ = at + 1;
      if (!receive_payload(sockets_[at], topic)) {
        ++damaged_;
        return std::nullopt;
      }
      Received received;
      received.bytes = {payload_.data<std::byte>(), payload_.size()};
      received.batch = reader_.open(received.bytes);
      const auto kind = received.batch == nullptr ? std::nullopt : codec::topic_of(*received.batch);
      if (!kind) {
        ++damaged_;
        return std::nullopt;
      }
      received.topic = *kind;
      if (at < subscriptions_) received.lost = losses_.see(*received.batch);
      return received;
    }
    if (waited) return std::nullopt;
    try {
      zmq::poll(items_, timeout);
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
      return std::nullopt;
    }
  }
}

} // namespace xdpcap::consume
