#include "http/scan.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/guarded.hpp"

namespace xdpcap::http {
namespace {

// Byte values at each place of strings around the width of the instructions,
// ending at an unmapped page.
template <class Find, class Stops>
void expect_finds_the_first(Find find, Stops stops, char filler) {
  for (std::size_t length = 0; length <= 50; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      for (int value = 0; value < 256; value += length == 17 ? 1 : 51) {
        std::string text(length, filler);
        text[place] = static_cast<char>(value);
        const xdpcap::test::Guarded guarded{as_bytes(text)};
        const char* const begin = as_text(guarded.bytes()).data();
        const std::size_t expected = stops(static_cast<char>(value)) ? place : length;
        ASSERT_EQ(find(begin, begin + length) - begin, static_cast<std::ptrdiff_t>(expected))
            << "byte " << value << " at " << place << " of " << length;
      }
    }
  }
}

TEST(Scan, FindsTheFirstLowControlByteAndReadsNoFurther) {
  expect_finds_the_first(
      find_low_control, [](char c) { return static_cast<unsigned char>(c) <= 0x0d; }, 'x');
}

TEST(Scan, FindsTheEndOfAPlainNameAndReadsNoFurther) {
  const auto stops = [](char c) {
    const std::string_view plain{
        "0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"};
    return plain.find(c) == std::string_view::npos;
  };
  expect_finds_the_first(find_plain_name_end, stops, 'n');
}

} // namespace
} // namespace xdpcap::http
