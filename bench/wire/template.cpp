#include "bench/wire/template.hpp"

#include <fmt/core.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace xdpcap::bench {
namespace {

constexpr std::size_t kPageBytes = 3072; // of a live frame's page, safely
constexpr std::uint32_t kSegmentMax = 1434;
constexpr std::string_view kId = "0000000000000000";
static_assert(kId.size() == WIRE_ID_BYTES);

struct Payload {
  std::string text;
  wire_payload facts;
};

std::uint32_t sum_of(std::string_view text) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, text.data() + i, std::min<std::size_t>(2, text.size() - i));
    sum += word;
  }
  return sum;
}

// The digits count as zero in the sum: the BPF program adds those it writes.
Payload describe(std::string text) {
  const auto at = static_cast<std::uint32_t>(text.find(kId));
  if (at % 2 != 0) throw std::logic_error("the digits of a payload begin at an odd byte");
  std::string without = text;
  without.replace(at, kId.size(), kId.size(), '\0');
  const wire_payload facts{static_cast<std::uint32_t>(text.size()), at, sum_of(without)};
  return {std::move(text), facts};
}

std::string fill(std::size_t bytes, std::string_view what) {
  std::string filling;
  while (filling.size() < bytes) filling += what;
  filling.resize(bytes);
  return filling;
}

Payload make_request(std::uint32_t bytes) {
  const std::string head = fmt::format(
      "GET /item/{} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: wire-generator/1\r\nAccept: "
      "*/*\r\n"
      "Accept-Encoding: gzip\r\nX-Trace: ",
      kId);
  constexpr std::string_view kEnd = "\r\n\r\n";
  if (bytes <= head.size() + kEnd.size() || bytes > kSegmentMax) {
    throw std::invalid_argument(
        fmt::format("a request has {} to {} bytes", head.size() + kEnd.size() + 1, kSegmentMax));
  }
  return describe(
      fmt::format("{}{}{}", head, fill(bytes - head.size() - kEnd.size(), "0f1e2d3c"), kEnd));
}

Payload make_response(std::uint32_t bytes) {
  constexpr std::string_view kBegin = "{\"item\": \"", kEnd = "\"}";
  constexpr std::size_t kBodyMin = kBegin.size() + kId.size() + kEnd.size();
  const auto head_for = [](std::size_t body) {
    return fmt::format(
        "HTTP/1.1 200 OK\r\nServer: wire-generator/01\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: {:4}\r\n\r\n",
        body);
  };
  const std::size_t head = head_for(0).size();
  if (bytes < head + kBodyMin || bytes > kSegmentMax) {
    throw std::invalid_argument(
        fmt::format("a response has {} to {} bytes", head + kBodyMin, kSegmentMax));
  }
  const std::size_t body = bytes - head;
  std::string text = head_for(body);
  text += fmt::format("{}{}{}{}", kBegin, kId, fill(body - kBodyMin, " in stock"), kEnd);
  return describe(std::move(text));
}

struct Headers {
  ethhdr ethernet;
  iphdr ip;
  tcphdr tcp;
  std::uint8_t options[12];
} __attribute__((packed));
static_assert(sizeof(Headers) == WIRE_HEADER_BYTES);

Headers make_headers(bool to_client) {
  Headers headers{};
  const unsigned char client[] = {2, 0, 0, 0, 0, 1}, server[] = {2, 0, 0, 0, 0, 2};
  std::memcpy(headers.ethernet.h_dest, to_client ? client : server, ETH_ALEN);
  std::memcpy(headers.ethernet.h_source, to_client ? server : client, ETH_ALEN);
  headers.ethernet.h_proto = htons(ETH_P_IP);
  headers.ip.version = 4;
  headers.ip.ihl = 5;
  headers.ip.frag_off = htons(0x4000); // do not fragment
  headers.ip.ttl = 64;
  headers.ip.protocol = IPPROTO_TCP;
  headers.tcp.doff = 8;
  headers.tcp.window = htons(0xffff);
  const std::uint8_t stamps[] = {1, 1, 8, 10}; // two fillers, time stamps
  std::memcpy(headers.options, stamps, sizeof stamps);
  return headers;
}

template <class T>
void append(std::vector<std::byte>& bytes, const T* from, std::size_t count) {
  const auto* begin = reinterpret_cast<const std::byte*>(from);
  bytes.insert(bytes.end(), begin, begin + count);
}

} // namespace

Template make_template(std::uint32_t request_bytes, std::uint32_t response_bytes) {
  const Payload request = make_request(request_bytes), response = make_response(response_bytes);
  Template made{{}, request.facts, response.facts};
  const Headers to_server = make_headers(false), to_client = make_headers(true);
  append(made.bytes, &to_server, sizeof to_server);
  append(made.bytes, request.text.data(), request.text.size());
  made.bytes.resize(made.bytes.size() + WIRE_GAP_BYTES);
  append(made.bytes, &to_client, sizeof to_client);
  append(made.bytes, response.text.data(), response.text.size());
  if (made.bytes.size() > kPageBytes)
    throw std::invalid_argument(fmt::format(
        "request and response must fit one page: {} bytes are too many", made.bytes.size()));
  return made;
}

} // namespace xdpcap::bench
