#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap::consume {

// A body with its content codings (RFC 9110, 8.4) undone.
struct DecodedBody {
  std::string bytes; // the content; the body as it came where it could not be decoded
  std::vector<std::string>
      codings; // of Content-Encoding, lower case, as applied; `identity` left out
  bool decoded =
      false; // `bytes` is content (where there were no codings as well), perhaps not all of it
  bool cut = false;  // there is more than bytes_max
  std::string error; // empty, or what is wrong, as a sentence for a person
};

// Undoes gzip (any number of members), deflate (with the zlib header that RFC 9110 asks for and
// without, as some servers send it), br, zstd and identity, the last coding first. `whole`: the
// body was captured to its end, so an early end is the sender's fault. Whatever is wrong, what came
// out before it is given.
//
// Any thread. Takes whatever bytes: neither the result nor what lies between two codings grows past
// bytes_max (strings reserve up to twice that), decoders' windows take at most 24 MiB, and at most
// kCodingsMax codings are undone.
DecodedBody decode_body(std::string_view body, std::string_view content_encoding,
                        std::size_t bytes_max, bool whole);

inline constexpr std::size_t kCodingsMax = 4;

// Whether it is shown as text: UTF-8, with so few control characters that their escapes (\u0001) do
// not make it much longer. Else base64 says it in fewer bytes.
bool reads_as_text(std::string_view content) noexcept;

} // namespace xdpcap::consume
