#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "codec/batch_view.hpp"
#include "sim/random.hpp"

// What the two ends of a connection say to each other, and what is to be published of it.
namespace xdpcap::sim {

constexpr std::size_t kClient = 0, kServer = 1;

// Bytes of a body and where they lie in the stream.
struct BodyPiece {
  std::size_t body = 0, stream = 0, length = 0;
};

struct ExpectedMessage {
  std::string id; // the value of its field X-Id; no other message has it
  bool interim = false;
  std::uint32_t index = 0;
  std::uint16_t status = 0; // responses
  std::string head;         // without the empty line
  std::string body, trailers;
  std::vector<BodyPiece> pieces;
  std::size_t begin = 0, end = 0; // in the stream
  schema::Framing framing = schema::Framing::none;
  bool needs_request = false; // its framing follows from the request (HEAD)
};

// The sender may send up to `until` once it has received so much of the other's stream.
struct Release {
  std::size_t until = 0, needs = 0;
};

struct Dialogue {
  std::string name;
  std::array<std::string, 2> stream; // by who sends it
  std::array<std::vector<Release>, 2> releases;
  std::array<std::vector<ExpectedMessage>, 2> messages;
  // From here on nothing is promised about messages: a tunnel, or what cannot be read.
  std::array<std::size_t, 2> readable{SIZE_MAX, SIZE_MAX};
  bool is_http = true;
  bool pipelined = false;
  bool half_closes = false; // the client closes behind its last request
  std::size_t closes_first = kClient;
};

struct DialogueTraits {
  std::size_t exchanges_max = 8;
  std::size_t body_max = 4000;
  bool odd_endings = true; // tunnels, malformed requests, bodies until the close
  bool heads_only = true;  // HEAD, whose response is read right only by who saw the request
};

Dialogue make_dialogue(Random& random, std::string name, const DialogueTraits& traits);

} // namespace xdpcap::sim
