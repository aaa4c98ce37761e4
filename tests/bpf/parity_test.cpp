// Whatever the decoder opens the programs must select, or it is never captured: every
// sample of the decoder's own tests, each with more tags and headers around and in
// fragments, and with every ethertype, protocol and port there is.
#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <vector>

#include "core/bytes.hpp"
#include "program_run.hpp"
#include "unit/wire/decoding.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40;

struct Case {
  std::string name;
  Buffer bytes;
};

void put16(Buffer& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8 & 0xff);
  bytes[at + 1] = static_cast<std::byte>(value & 0xff);
}
std::size_t get16(const Buffer& bytes, std::size_t at) {
  return load_be16(bytes.data() + at);
}
Buffer with_inserted(Buffer bytes, std::size_t at, const Buffer& more) {
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
  return bytes;
}
Buffer made_of(std::initializer_list<unsigned> values) {
  Buffer bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}
bool is_v4(const Buffer& bytes) {
  return get16(bytes, 12) == 0x0800 && bytes[kEthernet] == std::byte{0x45};
}
bool is_v6(const Buffer& bytes) {
  return get16(bytes, 12) == 0x86dd;
}

// Frames of Ethernet, as they are on the wire.
std::vector<Case> ethernet_samples() {
  std::vector<Case> cases;
  for (const Sample& sample : samples()) {
    if (sample.packet.frame().link == wire::LinkType::ethernet)
      cases.push_back({sample.name, sample.packet.bytes()});
  }
  return cases;
}

wire::DecodeOptions lenient() {
  wire::DecodeOptions options;
  options.checksums = wire::ChecksumMode::off; // variations are not summed anew
  return options;
}

bool opens(wire::Decoder& decoder, const Buffer& bytes) {
  wire::Frame frame;
  frame.bytes = bytes;
  frame.wire_length = static_cast<std::uint32_t>(bytes.size());
  frame.link = wire::LinkType::ethernet;
  return decoder.decode(frame).ok();
}

// VLAN tags of each kind in front, more than the programs read.
std::vector<Case> tagged(const Case& sample) {
  std::vector<Case> cases;
  for (const unsigned tpid : {0x8100U, 0x88a8U, 0x9100U, 0x9200U, 0x9300U}) {
    Buffer bytes = sample.bytes;
    for (int tags = 1; tags <= 6; ++tags) {
      bytes = with_inserted(bytes, 12, made_of({tpid >> 8, tpid & 0xff, 0, 7}));
      cases.push_back({fmt::format("{}, {} tags {:x}", sample.name, tags, tpid), bytes});
    }
  }
  return cases;
}

// Extension headers of IPv6, short and long, and the authentication header of both.
std::vector<Case> extended(const Case& sample) {
  std::vector<Case> cases;
  const std::size_t next = is_v4(sample.bytes) ? kEthernet + 9 : kEthernet + 6;
  const std::size_t length = is_v4(sample.bytes) ? kEthernet + 2 : kEthernet + 4;
  const std::size_t end = kEthernet + (is_v4(sample.bytes) ? kIpv4 : kIpv6);
  const auto add = [&](Buffer bytes, unsigned number, Buffer header, const std::string& what) {
    header[0] = bytes[next];
    bytes[next] = static_cast<std::byte>(number);
    bytes = with_inserted(std::move(bytes), end, header);
    put16(bytes, length, get16(bytes, length) + header.size());
    cases.push_back({sample.name + ", " + what, bytes});
    return bytes;
  };
  Buffer bytes = sample.bytes;
  for (int count = 1; count <= 3; ++count) {
    bytes = add(bytes, 51,
                made_of({0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
                "AH");
  }
  if (is_v4(sample.bytes)) return cases;
  for (const unsigned number : {0U, 43U, 60U, 135U, 139U, 140U}) {
    bytes = sample.bytes;
    for (int count = 1; count <= 12; ++count) {
      bytes = add(bytes, number, made_of({0, 0, 0, 0, 0, 0, 0, 0}),
                  fmt::format("{} headers {}", count, number));
    }
    Buffer long_header(264, std::byte{0});
    long_header[1] = std::byte{32};
    add(sample.bytes, number, long_header, fmt::format("a long header {}", number));
  }
  return cases;
}

// The datagram in pieces of so many bytes; nothing where it is no plain IP packet.
std::vector<Buffer> fragments(const Buffer& whole, std::size_t piece) {
  std::vector<Buffer> pieces;
  const bool v4 = is_v4(whole);
  if (!v4 && !is_v6(whole)) return pieces;
  const std::size_t head = kEthernet + (v4 ? kIpv4 : kIpv6);
  for (std::size_t at = head; at < whole.size(); at += piece) {
    const std::size_t size = std::min(piece, whole.size() - at), offset = at - head;
    const bool more = at + size < whole.size();
    Buffer bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(head));
    if (v4) {
      put16(bytes, kEthernet + 2, kIpv4 + size);
      put16(bytes, kEthernet + 6, offset / 8 | (more ? 0x2000U : 0U));
    } else {
      Buffer header =
          made_of({std::to_integer<unsigned>(whole[kEthernet + 6]), 0, 0, 0, 0, 0, 0, 9});
      put16(header, 2, offset | (more ? 1U : 0U));
      bytes[kEthernet + 6] = std::byte{44};
      bytes.insert(bytes.end(), header.begin(), header.end());
      put16(bytes, kEthernet + 4, header.size() + size);
    }
    bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(at),
                 whole.begin() + static_cast<std::ptrdiff_t>(at + size));
    pieces.push_back(std::move(bytes));
  }
  return pieces;
}

// One number of the frame takes every value.
template <class Put>
void sweep(const Case& sample, unsigned values, const char* what, const Put& put,
           std::vector<Case>& opened) {
  wire::Decoder decoder(lenient());
  Buffer bytes = sample.bytes;
  for (unsigned value = 0; value < values; ++value) {
    put(bytes, value);
    if (opens(decoder, bytes))
      opened.push_back({fmt::format("{}, {} {}", sample.name, what, value), bytes});
  }
}

class Parity : public ProgramTest {
 protected:
  void expect_selected(const Case& one) {
    EXPECT_EQ(programs().verdict(one.bytes), "selected") << one.name;
  }
  Programs& programs() {
    if (!programs_) programs_.emplace();
    return *programs_;
  }

 private:
  std::optional<Programs> programs_;
};

TEST_F(Parity, EverySampleOfTheDecoderIsSelectedWithMoreTagsAndHeaders) {
  std::size_t opened = 0;
  for (const Case& sample : ethernet_samples()) {
    std::vector<Case> cases{sample};
    for (Case& one : tagged(sample)) cases.push_back(std::move(one));
    if (is_v4(sample.bytes) || is_v6(sample.bytes)) {
      for (Case& one : extended(sample)) cases.push_back(std::move(one));
    }
    for (const Case& one : cases) {
      wire::Decoder decoder(lenient());
      if (!opens(decoder, one.bytes)) continue;
      ++opened;
      expect_selected(one);
    }
  }
  EXPECT_GT(opened, 1000U) << "the variations are frames that the decoder opens";
}

TEST_F(Parity, WhatIsNoTunnelIsSelectedWithoutTunnelsToo) {
  Programs without({}, false);
  wire::DecodeOptions options = lenient();
  options.tunnels = wire::TunnelSet::none().with(wire::Tunnel::vlan).with(wire::Tunnel::qinq);
  std::size_t opened = 0;
  for (const Case& sample : ethernet_samples()) {
    std::vector<Case> cases = tagged(sample);
    cases.push_back(sample);
    if (is_v4(sample.bytes) || is_v6(sample.bytes)) {
      for (Case& one : extended(sample)) cases.push_back(std::move(one));
    }
    for (const Case& one : cases) {
      wire::Decoder decoder(options);
      if (!opens(decoder, one.bytes)) continue;
      ++opened;
      EXPECT_EQ(without.verdict(one.bytes), "selected") << one.name;
    }
  }
  EXPECT_GT(opened, 100U);
}

TEST_F(Parity, EveryFragmentOfADatagramThatTheDecoderOpensIsSelected) {
  std::size_t opened = 0;
  for (const Case& sample : ethernet_samples()) {
    std::vector<Case> datagrams{sample};
    if (is_v4(sample.bytes) || is_v6(sample.bytes)) {
      for (Case& one : extended(sample)) datagrams.push_back(std::move(one));
    }
    for (const Case& datagram : datagrams) {
      for (const std::size_t piece : {8U, 16U, 24U, 48U}) {
        wire::Decoder decoder(lenient());
        const std::vector<Buffer> pieces = fragments(datagram.bytes, piece);
        const bool whole = std::count_if(pieces.begin(), pieces.end(), [&](const Buffer& one) {
                             return opens(decoder, one);
                           }) != 0;
        if (!whole) continue;
        ++opened;
        for (const Buffer& one : pieces) {
          expect_selected({fmt::format("{} in pieces of {}", datagram.name, piece), one});
        }
      }
    }
  }
  EXPECT_GT(opened, 100U);
}

TEST_F(Parity, NoNumberThatTheDecoderKnowsIsUnknownToThePrograms) {
  std::vector<Case> opened;
  for (const Case& sample : ethernet_samples()) {
    const auto type = [](Buffer& bytes, unsigned value) { put16(bytes, 12, value); };
    sweep(sample, 65536, "ethertype", type, opened);
    if (!is_v4(sample.bytes) && !is_v6(sample.bytes)) continue;
    const std::size_t next = is_v4(sample.bytes) ? kEthernet + 9 : kEthernet + 6;
    const auto protocol = [next](Buffer& bytes, unsigned value) {
      bytes[next] = static_cast<std::byte>(value);
    };
    sweep(sample, 256, "protocol", protocol, opened);
    if (sample.bytes[next] != std::byte{17}) continue;
    const std::size_t ports = kEthernet + (is_v4(sample.bytes) ? kIpv4 : kIpv6);
    for (const std::size_t at : {ports, ports + 2}) {
      const auto port = [at](Buffer& bytes, unsigned value) { put16(bytes, at, value); };
      Case other = sample;
      put16(other.bytes, ports + 2 - (at - ports), 9); // alone it makes the tunnel
      sweep(other, 65536, at == ports ? "source port" : "destination port", port, opened);
    }
  }
  EXPECT_GT(opened.size(), 100U);
  for (const Case& one : opened) expect_selected(one);
}

} // namespace
} // namespace xdpcap::test
