#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace xdpcap::http {

// A name known when this is compiled, compared without regard to case: eight
// characters at a time, by setting the bit that tells letters apart where the name
// has a letter, and there only.
template <std::size_t Size>
class Keyword {
 public:
  static_assert(Size >= 4);
  static constexpr std::size_t size = Size;

  consteval explicit Keyword(const char (&lowered)[Size + 1]) {
    for (std::size_t i = 0; i < Size; ++i) {
      text_[i] = lowered[i];
      letters_[i] = lowered[i] >= 'a' && lowered[i] <= 'z' ? 0x20 : 0;
    }
  }

  [[nodiscard]] bool is(std::string_view text) const noexcept {
    return text.size() == Size && has(text.data());
  }

 private:
  [[nodiscard]] bool has(const char* at) const noexcept {
    using Word = std::conditional_t<(Size < 8), std::uint32_t, std::uint64_t>;
    Word difference = 0;
    // The last word overlaps the one before it.
    for (std::size_t i = 0; i < Size; i += sizeof(Word)) {
      const std::size_t from = i + sizeof(Word) <= Size ? i : Size - sizeof(Word);
      difference |= (load<Word>(at + from) | load<Word>(letters_.data() + from)) ^
                    load<Word>(text_.data() + from);
    }
    return difference == 0;
  }
  template <class Word>
  static Word load(const char* at) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }

  std::array<char, Size> text_{}, letters_{};
};
template <std::size_t Terminated>
Keyword(const char (&)[Terminated]) -> Keyword<Terminated - 1>;

} // namespace xdpcap::http
