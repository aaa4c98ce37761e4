#include "host/utf8.hpp"

namespace xdpcap::host {
namespace {

// Bytes of the UTF-8 character (RFC 3629) that the text begins with; 0: none.
std::size_t character_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  const unsigned char second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
  if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  return length;
}

} // namespace

std::string clean_text(std::string_view bytes, std::size_t bytes_max) {
  std::string text;
  text.reserve(std::min(bytes.size(), bytes_max));
  while (!bytes.empty()) {
    const std::size_t length = character_length(bytes);
    if (text.size() + std::max<std::size_t>(length, 1) > bytes_max) break;
    const bool is_control =
        length == 1 && (static_cast<unsigned char>(bytes[0]) < 0x20 || bytes[0] == 0x7f);
    // U+0080 to U+009F steer terminals too.
    const bool is_c1 =
        length == 2 && bytes[0] == '\xc2' && static_cast<unsigned char>(bytes[1]) < 0xa0;
    if (length == 0) {
      text += '?';
    } else if (is_control || is_c1) {
      text += ' ';
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

} // namespace xdpcap::host
