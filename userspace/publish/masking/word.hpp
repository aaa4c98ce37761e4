#pragma once

#include <cstdint>
#include <string_view>

namespace xdpcap::publish {

// Which of the 26 letters a text has, one bit each (and of the other characters, some): what lacks
// a letter of a word does not have the word in it.
constexpr std::uint32_t letters_of(std::string_view text) noexcept {
  std::uint32_t letters = 0;
  for (const char c : text) letters |= 1U << (c & 31);
  return letters;
}

// A word that is looked for, in lower case.
struct Word {
  std::string_view text;
  std::uint32_t letters = 0;
  consteval Word(const char* word) // NOLINT(google-explicit-constructor)
      : text(word), letters(letters_of(text)) {}
};

} // namespace xdpcap::publish
