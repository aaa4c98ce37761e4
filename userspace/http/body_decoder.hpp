#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "http/message.hpp"

namespace xdpcap::http {

// Takes the chunked transfer coding off a body (RFC 9112, 7.1), given any split.
// Two words of state; it copies nothing. Read leniently: chunk extensions, leading
// zeros, either case, blanks behind the size, a bare LF at the end of a line. No
// digits, more than 64 bits, other bytes before the line end, or data not followed
// by a line end: there is no safe reading.
class ChunkDecoder {
 public:
  enum class Found : std::uint8_t {
    need_more, // all bytes were taken
    data,      // `data` is the next piece of the body, borrowed from the bytes
    last,      // the last chunk's line was taken; the trailer section follows
    wrong,     // see the anomalies
  };

  // Takes bytes from the front of `rest` up to the next thing found.
  Found next(Bytes& rest, Bytes& data, Anomalies& anomalies) noexcept;

 private:
  enum class Place : std::uint8_t {
    size_start,
    size,
    behind_size,
    extension,
    size_cr,
    data,
    data_end,
    data_cr
  };

  Found decode_data(Bytes& rest, Bytes& data) noexcept;
  // One byte of framing.
  Found decode(char c, Anomalies& anomalies) noexcept;
  Found decode_digit(char c, Anomalies& anomalies) noexcept;
  Found end_size_line() noexcept;

  std::uint64_t size_ = 0; // read so far; in data, what is still to come
  Place place_ = Place::size_start;
};

} // namespace xdpcap::http
