#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/check.hpp"
#include "flatbuffers/flatbuffers.h"

namespace xdpcap::publish {

// A builder that makes room for a vector in one go. Its own way writes padding, elements and length
// one after the other, each with a question for room: a fifth of what encoding a small message
// took.
class Builder : public flatbuffers::FlatBufferBuilder {
 public:
  using flatbuffers::FlatBufferBuilder::FlatBufferBuilder;

  // A vector of `count` elements, at least one, whose bytes the caller writes to `at`.
  template <class Element>
  flatbuffers::uoffset_t add_vector(std::size_t count, std::byte*& at) {
    constexpr std::size_t kLength = sizeof(flatbuffers::uoffset_t);
    constexpr std::size_t kAlignment = std::max(kLength, alignof(Element));
    XDPCAP_DCHECK(count != 0);
    const std::size_t bytes = count * sizeof(Element);
    // Counted from the end of the buffer, which is written downward.
    const std::size_t padding = flatbuffers::PaddingBytes(GetSize() + bytes, kAlignment);
    const std::size_t whole = kLength + bytes + padding;
    TrackMinAlign(kAlignment);
    auto* const begin = reinterpret_cast<std::byte*>(buf_.make_space(whole));
    static_assert(kLength + sizeof(Element) >= kAlignment);
    std::memset(begin + whole - kAlignment, 0, kAlignment); // the padding, and what is written next
    const auto length = static_cast<flatbuffers::uoffset_t>(count);
    std::memcpy(begin, &length, kLength);
    at = begin + kLength;
    return GetSize();
  }
};

} // namespace xdpcap::publish
