#pragma once

#include <cstdint>
#include <string_view>

#include "http/message.hpp"

namespace xdpcap::http {

// What the field lines of one head say about framing and routing, gathered line
// by line. Plain facts: what follows from them is decided in framing.hpp.
struct FramingFields {
  bool has_length = false;
  bool length_bad = false;      // not one plain number (RFC 9110, 8.6)
  bool length_repeated = false; // more than one value, all equal
  std::uint64_t length = 0;

  bool has_transfer_encoding = false;
  bool chunked_last = false;     // the last coding of all lines together (RFC 9112, 6.1)
  bool chunked_repeated = false; // "MUST NOT apply the chunked coding more than once"

  bool closes = false; // Connection: close
  std::uint32_t hosts = 0;
  std::string_view host; // the first; lives as long as the head

  // Values may be folded. The common case, a field of no interest, costs a switch
  // on the length of its name.
  void note(std::string_view name, std::string_view value) noexcept {
    switch (name.size()) {
      case 4:
      case 10:
      case 14:
      case 17:
        note_candidate(name, value);
        break;
      default:
        break;
    }
  }

 private:
  void note_candidate(std::string_view name, std::string_view value) noexcept;
  void note_length(std::string_view value) noexcept;
  void note_transfer_encoding(std::string_view value) noexcept;
};

} // namespace xdpcap::http
