#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/random.hpp"
#include "sim/tcp_talk.hpp"
#include "support/packet.hpp"

// From segments to frames: addresses, tags, tunnels, fragments.
namespace xdpcap::sim {

struct Frame {
  std::int64_t at_us = 0;
  std::vector<std::byte> bytes; // as captured
  std::uint32_t wire_length = 0;
  std::size_t connection = 0;
  std::size_t passed = 0; // index into the trace of the connection
  bool is_fragment = false;
  bool is_cut = false;          // by the snap length
  std::size_t payload_kept = 0; // of a cut one
  bool is_lost = false;         // by the capture
};

struct EnvelopeTraits {
  double fragmented = 0;       // of segments with payload
  std::size_t snap_length = 0; // 0: none
  bool tunnels = true;
};

// One connection's.
class Envelope {
 public:
  Envelope(Random& random, std::string client, std::string server, std::uint16_t client_port,
           bool v6, bool tunnels);

  [[nodiscard]] std::vector<Frame> frames(Random& random, const Passed& segment,
                                          const EnvelopeTraits& traits);
  // As xdpcap writes them.
  [[nodiscard]] const std::string& client() const { return client_; }
  [[nodiscard]] const std::string& server() const { return server_; }
  [[nodiscard]] std::uint16_t client_port() const { return port_; }
  [[nodiscard]] const char* name() const { return name_; }

 private:
  [[nodiscard]] test::Packet outside(bool from_client) const;

  std::string client_, server_;
  std::uint16_t port_;
  bool v6_;
  std::size_t kind_;
  const char* name_ = "";
  std::uint32_t next_fragment_id_;
  test::Packet base_[2];
};

} // namespace xdpcap::sim
