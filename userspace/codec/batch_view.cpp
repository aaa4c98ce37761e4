#include "codec/batch_view.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace xdpcap::codec {
namespace {

// Envelope, record, half connection: three deep. The rest is room for versions to come.
constexpr unsigned kDepthMax = 16;
constexpr unsigned kTablesMax = 1'000'000;

bool is_v4(const schema::Endpoint& endpoint) noexcept {
  return endpoint.ip_version() == 4;
}

} // namespace

const schema::Batch* BatchReader::open(Bytes bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) != 0) {
    aligned_.resize(bytes.size() / sizeof(std::uint64_t) + 1);
    std::memcpy(aligned_.data(), bytes.data(), bytes.size());
    bytes = {reinterpret_cast<const std::byte*>(aligned_.data()), bytes.size()};
  }
  if (bytes.size() < sizeof(flatbuffers::uoffset_t) + flatbuffers::kFileIdentifierLength)
    return nullptr;
  const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(at, bytes.size(), kDepthMax, kTablesMax);
  return schema::VerifyBatchBuffer(verifier) ? schema::GetBatch(at) : nullptr;
}

std::optional<Topic> topic_of(const schema::Batch& batch) noexcept {
  if (batch.messages() != nullptr) return Topic::http;
  if (batch.flows() != nullptr) return Topic::flow;
  if (batch.segments() != nullptr) return Topic::tcp;
  if (batch.datagrams() != nullptr) return Topic::udp;
  if (batch.sockets() != nullptr || batch.interfaces() != nullptr) return Topic::socket;
  if (batch.stats() != nullptr) return Topic::stats;
  return std::nullopt;
}

std::string_view field_named(const schema::HttpMessage& message,
                             std::string_view lower_case_name) noexcept {
  if (message.fields() == nullptr) return {};
  for (const schema::FieldSpan* field : *message.fields()) {
    const std::string_view name = text_in(message.head(), field->name());
    const bool same = std::equal(
        name.begin(), name.end(), lower_case_name.begin(), lower_case_name.end(),
        [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
    if (same) return text_in(message.head(), field->value());
  }
  return {};
}

std::string address_of(const schema::Endpoint* endpoint) {
  if (endpoint == nullptr) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(*endpoint)) {
    const std::uint32_t address = htonl(static_cast<std::uint32_t>(endpoint->address_low()));
    ::inet_ntop(AF_INET, &address, text.data(), text.size());
  } else {
    const std::array<std::uint64_t, 2> address{__builtin_bswap64(endpoint->address_high()),
                                               __builtin_bswap64(endpoint->address_low())};
    ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  }
  return text.data();
}

std::string text_of(const schema::Endpoint* endpoint) {
  if (endpoint == nullptr) return {};
  if (is_v4(*endpoint)) return fmt::format("{}:{}", address_of(endpoint), endpoint->port());
  return fmt::format("[{}]:{}", address_of(endpoint), endpoint->port());
}

} // namespace xdpcap::codec
