#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "publish/masking/secret_names.hpp"

// Secrets in text of whatever kind: JSON (complete, cut, invalid, one text a line, within a string
// of another), forms, addresses, GraphQL.
namespace xdpcap::publish {

// Overwrites [from, to) with '*'; answers whether that is anything.
bool overwrite(std::span<std::byte> copy, std::size_t from, std::size_t to) noexcept;

// Looks through [from, to) for name=value, "name": value and user:password@ behind ://. What is
// written as %XX (encoded once or more), \uXXXX or \" counts as what it stands for.
//
// A value is overwritten between its quotes. Of an object or a list all strings and numbers are. A
// number of JSON becomes a string of the same length, one digit becomes 0; so JSON stays JSON. A
// number under a name that ends with `tokens` counts something and is left.
//
// No grammar is followed, so nothing that is wrong before a name hides it. Time is linear in the
// length; nothing allocates, nothing recurses.
bool mask_text(std::span<std::byte> copy, std::size_t from, std::size_t to,
               const SecretNames& names) noexcept;

// A name with its escapes undone. Of a long one the end counts.
class PlainName {
 public:
  explicit PlainName(std::string_view escaped) noexcept;
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  friend class NameSearch;
  PlainName() = default;
  void append(char c) noexcept;
  void clear() noexcept { size_ = 0; }

  std::array<char, 128> text_{};
  std::size_t size_ = 0;
};

} // namespace xdpcap::publish
