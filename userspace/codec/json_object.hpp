#pragma once

#include <string>
#include <string_view>

#include "codec/json_text.hpp"

namespace xdpcap::codec::json {

// One JSON object being appended to a string: the commas and the braces. The
// names of members are ours, so they need no escapes.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  // The place of a value that the caller appends next.
  std::string& member(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void number(std::string_view name, std::uint64_t value) { append_number(member(name), value); }
  void boolean(std::string_view name, bool value) { member(name) += value ? "true" : "false"; }
  void text(std::string_view name, std::string_view value) { append_latin1(member(name), value); }
  void time(std::string_view name, std::uint64_t ns) { append_time(member(name), ns); }

 private:
  std::string& out_;
  bool first_ = true;
};

// Appends `[a,b,...]`, each element by `append(element)`.
template <class Range, class Append>
void append_array(std::string& out, const Range* range, Append append) {
  out += '[';
  bool first = true;
  if (range != nullptr) {
    for (const auto& element : *range) {
      if (!first) out += ',';
      first = false;
      append(element);
    }
  }
  out += ']';
}

} // namespace xdpcap::codec::json
