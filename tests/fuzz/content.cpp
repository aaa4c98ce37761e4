// Fuzzes content codings: whatever a server sends as compressed, nothing grows past
// the bound, and what is not cut and not at fault was decoded.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "consume/content.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kFields[] = {
      "gzip", "deflate",         "br",           "zstd",
      "",     "gzip, deflate",   "zstd,br,gzip", "deflate, deflate, deflate",
      "x",    "br,br,br,br,br,", "identity"};
  if (size < 2) return 0;
  const std::string_view field = kFields[data[0] % std::size(kFields)];
  const std::size_t bytes_max = data[1] < 16 ? data[1] : std::size_t{data[1]} * 1024;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  for (const bool whole : {true, false}) {
    const xdpcap::consume::DecodedBody decoded =
        xdpcap::consume::decode_body(body, field, bytes_max, whole);
    if (decoded.bytes.size() > bytes_max || (!decoded.decoded && decoded.error.empty()))
      std::abort();
  }
  return 0;
}
