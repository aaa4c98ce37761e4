// A peer: reassembly by libtins' StreamFollower, used as its documentation shows.
// It gives the bytes of each direction in order and knows nothing of HTTP, so what it
// does is a part of what xdpcap-run --sink null does.
//
//   follow-with-libtins FILE ROUNDS
#include <fmt/core.h>
#include <tins/ethernetII.h>
#include <tins/packet.h>
#include <tins/tcp_ip/stream_follower.h>

#include <chrono>
#include <cstdlib>

#include "capture/file/memory_source.hpp"

namespace {

struct Account {
  std::uint64_t packets = 0, bytes = 0, streams = 0;
};

void follow(xdpcap::capture::MemorySource& source, Account& account) {
  Tins::TCPIP::StreamFollower follower;
  follower.new_stream_callback([&account](Tins::TCPIP::Stream& stream) {
    ++account.streams;
    stream.client_data_callback(
        [&account](Tins::TCPIP::Stream& of) { account.bytes += of.client_payload().size(); });
    stream.server_data_callback(
        [&account](Tins::TCPIP::Stream& of) { account.bytes += of.server_payload().size(); });
  });
  while (!source.finished()) {
    const auto burst = source.receive();
    for (const xdpcap::wire::Frame& frame : burst.frames()) {
      ++account.packets;
      // The packet's own time: the follower drops streams that were silent for long.
      const std::chrono::microseconds at{xdpcap::ns_since_1970(frame.arrived) / 1000};
      Tins::Packet packet(
          new Tins::EthernetII(reinterpret_cast<const std::uint8_t*>(frame.bytes.data()),
                               static_cast<std::uint32_t>(frame.bytes.size())),
          Tins::Timestamp(at), Tins::Packet::own_pdu());
      follower.process_packet(packet);
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "follow-with-libtins FILE ROUNDS\n");
    return 1;
  }
  auto source = xdpcap::capture::MemorySource::load(argv[1], std::strtoull(argv[2], nullptr, 10));
  if (!source) {
    fmt::print(stderr, "follow-with-libtins: {}\n", source.error().message);
    return 4;
  }
  Account account;
  const auto began = std::chrono::steady_clock::now();
  follow(*source, account);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print("packets {} in {:.3f} s: {:.3f} Mpps, {} streams, {} bytes\n", account.packets,
             seconds, static_cast<double>(account.packets) / seconds / 1e6, account.streams,
             account.bytes);
  return 0;
}
