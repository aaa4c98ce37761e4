#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/batch_view.hpp"
#include "http/message.hpp"
#include "publish/batch.hpp"
#include "publish/encoder.hpp"
#include "publish/records.hpp"

// Messages as sentences, and a stand-in for the publisher.
namespace xdpcap::publish::test {

inline record::Endpoint v4(std::uint8_t last, std::uint16_t port) {
  return {0, 0xffff'0a00'0000U | last, port, 4}; // 10.0.0.last
}
inline record::Endpoint v6(std::uint8_t last, std::uint16_t port) {
  return {0x2001'0db8'0000'0000, last, port, 6};
}

// Finds the fields of a section line by line, without any of the parser's care.
inline std::vector<http::FieldSpan> fields_in(std::string_view text, std::size_t from) {
  std::vector<http::FieldSpan> fields;
  while (from < text.size()) {
    std::size_t end = text.find("\r\n", from);
    while (end + 2 < text.size() && (text[end + 2] == ' ' || text[end + 2] == '\t'))
      end = text.find("\r\n", end + 2);
    if (end == std::string_view::npos) break;
    const std::size_t colon = text.find(':', from);
    const std::size_t value = text.find_first_not_of(' ', colon + 1);
    fields.push_back({{static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(colon - from)},
                      {static_cast<std::uint32_t>(value),
                       static_cast<std::uint32_t>(end > value ? end - value : 0)}});
    from = end + 2;
  }
  return fields;
}

// An http::Message and the memory behind it.
class TestMessage {
 public:
  static TestMessage request(std::string_view method, std::string_view target,
                             std::string_view field_lines = "") {
    TestMessage message;
    message.head_ = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    const auto method_length = static_cast<std::uint32_t>(method.size());
    message.message_.method = {0, method_length};
    message.message_.target = {method_length + 1, static_cast<std::uint32_t>(target.size())};
    message.message_.kind = http::Kind::request;
    message.message_.direction = Direction::to_server;
    return message.with_fields(field_lines);
  }
  static TestMessage response(std::uint16_t status, std::string_view reason,
                              std::string_view field_lines = "") {
    TestMessage message;
    message.head_ = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason) + "\r\n";
    message.message_.reason = {13, static_cast<std::uint32_t>(reason.size())};
    message.message_.status = status;
    message.message_.kind = http::Kind::response;
    message.message_.direction = Direction::to_client;
    return message.with_fields(field_lines);
  }

  TestMessage& body(std::string_view text) {
    body_ = text;
    message_.body_length = text.size();
    message_.framing = http::Framing::content_length;
    message_.declared_length = text.size();
    return *this;
  }
  TestMessage& trailers(std::string_view lines) {
    trailer_section_ = lines;
    trailers_ = fields_in(trailer_section_, 0);
    return *this;
  }
  TestMessage& at(std::int64_t first_ns, std::int64_t last_ns) {
    message_.first_byte = instant_from_ns(first_ns);
    message_.last_byte = instant_from_ns(last_ns);
    return *this;
  }
  TestMessage& gap(std::uint64_t offset, std::uint64_t length, GapCause cause) {
    gaps_.push_back({offset, length, cause});
    return *this;
  }
  TestMessage& index(std::uint32_t index) {
    message_.index = index;
    return *this;
  }
  TestMessage& flagged(http::Anomaly anomaly) {
    message_.anomalies.add(anomaly);
    return *this;
  }
  TestMessage& hashed(std::byte fill) {
    sha256_.fill(fill);
    message_.body_sha256.emplace(sha256_);
    return *this;
  }
  TestMessage& incomplete(http::End end) {
    message_.complete = false;
    message_.end = end;
    return *this;
  }

  // Borrowed from this.
  [[nodiscard]] const http::Message& get() {
    message_.head = as_bytes(head_);
    message_.fields = fields_;
    message_.body = Pieces(as_bytes(body_));
    message_.trailer_section = as_bytes(trailer_section_);
    message_.trailers = trailers_;
    message_.gaps = gaps_;
    if (message_.body_sha256) message_.body_sha256.emplace(sha256_);
    return message_;
  }
  [[nodiscard]] const std::string& head() const { return head_; }

 private:
  TestMessage() { message_.complete = true; }
  TestMessage& with_fields(std::string_view lines) {
    const std::size_t from = head_.size();
    head_ += lines;
    fields_ = fields_in(head_, from);
    return *this;
  }

  http::Message message_;
  std::string head_, body_, trailer_section_;
  std::vector<http::FieldSpan> fields_, trailers_;
  std::vector<http::BodyGap> gaps_;
  std::array<std::byte, 32> sha256_{};
};

inline MessageContext context(std::uint64_t flow = 1) {
  return {flow, v4(1, 4000), v4(2, 80), 0};
}

// Takes batches from a lane as a publisher would, and keeps copies of them.
class Takes {
 public:
  explicit Takes(BatchLane& lane) : lane_(lane) {}

  // All there are now.
  std::vector<const schema::Batch*> all() {
    std::vector<const schema::Batch*> batches;
    while (Batch* batch = lane_.next()) {
      batches.push_back(keep(batch->bytes()));
      lane_.recycle(batch);
    }
    return batches;
  }
  const schema::Batch* keep(Bytes bytes) {
    kept_.emplace_back(bytes.size() / 8 + 1);
    std::memcpy(kept_.back().data(), bytes.data(), bytes.size());
    return codec::BatchReader().open(
        {reinterpret_cast<const std::byte*>(kept_.back().data()), bytes.size()});
  }

 private:
  BatchLane& lane_;
  std::deque<std::vector<std::uint64_t>> kept_;
};

} // namespace xdpcap::publish::test
