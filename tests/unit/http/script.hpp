#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "http/conversation.hpp"
#include "support/guarded.hpp"

namespace xdpcap::http::test {

// A message as its sink saw it, with nothing borrowed.
struct Seen {
  Kind kind{};
  Direction direction{};
  std::uint32_t index = 0;
  bool complete = false;
  End end{};
  Framing framing{};
  std::string head, method, target, reason;
  unsigned status = 0, version = 0; // 11: HTTP/1.1
  std::vector<std::pair<std::string, std::string>> fields, trailers;
  std::optional<std::uint64_t> declared_length;
  std::uint64_t body_length = 0;
  std::string body, trailer_section, sha256;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  std::uint64_t anomaly_bits = 0;
  std::int64_t first_byte = 0, last_byte = 0;

  friend bool operator==(const Seen&, const Seen&) = default;
  [[nodiscard]] bool has(Anomaly anomaly) const {
    return (anomaly_bits & Anomalies::bit(anomaly)) != 0;
  }
};

std::ostream& operator<<(std::ostream& out, const Seen& seen);
Seen copy_of(const Message& message);

struct Collector {
  std::vector<Seen> messages;
  void on_message(const Message& message) noexcept { messages.push_back(copy_of(message)); }
};

enum class Split { whole, byte_by_byte, random };

// What happens on one connection, to be played with any split of its bytes:
//
//   Script{}.client("GET / HTTP/1.1\r\n\r\n").server_gap(7).client_close(StreamEnd::fin)
//
// Each word is one segment, one gap or one end. However a segment is cut, only its
// first piece begins a segment, and all arrive at once.
class Script {
 public:
  Script& client(std::string_view bytes) { return say(Direction::to_server, bytes); }
  Script& server(std::string_view bytes) { return say(Direction::to_client, bytes); }
  Script& client_gap(std::uint64_t length) { return gap(Direction::to_server, length); }
  Script& server_gap(std::uint64_t length) { return gap(Direction::to_client, length); }
  Script& client_close(StreamEnd end = StreamEnd::fin) { return close(Direction::to_server, end); }
  Script& server_close(StreamEnd end = StreamEnd::fin) { return close(Direction::to_client, end); }
  Script& close(StreamEnd end = StreamEnd::fin) { return client_close(end).server_close(end); }
  Script& partial(); // the start of the connection was not captured

  Script& say(Direction direction, std::string_view bytes);
  Script& gap(Direction direction, std::uint64_t length);
  Script& close(Direction direction, StreamEnd end);

  // Plays it once.
  [[nodiscard]] std::vector<Seen> play(Split split, Workspace& workspace, unsigned seed = 1) const;

  // Plays it whole, byte by byte and cut at random, each piece in front of an
  // unmapped page, and fails where the messages differ or memory stays taken.
  [[nodiscard]] std::vector<Seen> messages(const Limits& limits = Limits{}) const;

 private:
  struct Step {
    enum class What { bytes, gap, close, partial } what;
    Direction direction{};
    std::string bytes;
    std::uint64_t length = 0;
    StreamEnd end{};
  };
  std::vector<Step> steps_;
};

} // namespace xdpcap::http::test
