#include "http/framing_fields.hpp"

#include <limits>
#include <optional>

#include "http/chars.hpp"
#include "http/keyword.hpp"

namespace xdpcap::http {
namespace {

constexpr Keyword kHost{"host"};
constexpr Keyword kConnection{"connection"};
constexpr Keyword kContentLength{"content-length"};
constexpr Keyword kTransferEncoding{"transfer-encoding"};
constexpr Keyword kClose{"close"};
constexpr Keyword kKeepAlive{"keep-alive"};
constexpr Keyword kChunked{"chunked"};

std::optional<std::uint64_t> plain_number(std::string_view digits) noexcept {
  if (digits.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

} // namespace

void FramingFields::examine(std::string_view name, std::string_view value) noexcept {
  if (kHost.is(name)) {
    if (hosts++ == 0) host = value;
  } else if (kConnection.is(name)) {
    if (kKeepAlive.is(value)) return; // what most say
    for_each_member(value, [this](std::string_view option) { closes |= kClose.is(option); });
  } else if (kContentLength.is(name)) {
    parse_content_length(value);
  } else if (kTransferEncoding.is(name)) {
    parse_transfer_encoding(value);
  }
}

void FramingFields::parse_content_length(std::string_view value) noexcept {
  if (const std::optional<std::uint64_t> number = plain_number(value); number && !has_length) {
    has_length = true; // one number, as nearly all say it
    length = *number;
    return;
  }
  for_each_member(value, [this](std::string_view member) {
    const std::optional<std::uint64_t> number = plain_number(member);
    if (!number || (has_length && *number != length)) length_bad = true;
    length_repeated |= has_length;
    has_length = true;
    length = number.value_or(length);
  });
}

void FramingFields::parse_transfer_encoding(std::string_view value) noexcept {
  has_transfer_encoding = true;
  for_each_member(value, [this](std::string_view member) {
    const std::string_view coding = trim(member.substr(0, member.find(';')));
    if (coding.empty()) return; // empty members of a list mean nothing (RFC 9110, 5.6.1)
    const bool chunked = kChunked.is(coding);
    chunked_repeated |= chunked && chunked_last;
    chunked_last = chunked;
  });
}

} // namespace xdpcap::http
