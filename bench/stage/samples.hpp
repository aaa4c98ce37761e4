#pragma once

#include <array>
#include <string>
#include <utility>

#include "http/head_parser.hpp"
#include "publish/records.hpp"
#include "stage/texts.hpp"

namespace xdpcap::bench {

// A message as the HTTP floor hands it on, and the memory that it borrows.
class SampleMessage {
 public:
  SampleMessage(std::string head, std::size_t body) : head_(std::move(head)), body_(body, 'x') {
    http::Head parsed;
    is_sound_ = http::parse_head(as_bytes(head_), room_, parsed) == http::Answer::done;
    message_.kind = parsed.start.kind;
    message_.direction =
        message_.kind == http::Kind::request ? Direction::to_server : Direction::to_client;
    message_.complete = true;
    message_.head = as_bytes(head_).first(parsed.length);
    message_.method = parsed.start.method;
    message_.target = parsed.start.target;
    message_.reason = parsed.start.reason;
    message_.status = parsed.start.status;
    message_.fields = parsed.fields;
    message_.body_length = body;
    message_.body = Pieces{as_bytes(body_)};
    message_.first_byte = message_.last_byte = instant_from_ns(1'700'000'000'000'000'000);
  }
  SampleMessage(const SampleMessage&) = delete;
  SampleMessage& operator=(const SampleMessage&) = delete;

  [[nodiscard]] bool is_sound() const { return is_sound_; }
  [[nodiscard]] const http::Message& message() const { return message_; }
  [[nodiscard]] std::size_t bytes() const { return message_.head.size() + body_.size(); }

 private:
  std::string head_, body_;
  std::array<http::FieldSpan, 64> room_{};
  http::Message message_;
  bool is_sound_ = false;
};

inline publish::MessageContext sample_context() {
  return {.flow = 7,
          .client = {0, 0xffff'0a00'0001, 40000, 4}, // 10.0.0.1
          .server = {0, 0xffff'0a00'0002, 80, 4}};
}

} // namespace xdpcap::bench
