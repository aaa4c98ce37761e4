#include "http/body_decoder.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/chars.hpp"

namespace xdpcap::http {
namespace {

int hex_digit(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lowered = lower(c);
  return lowered >= 'a' && lowered <= 'f' ? lowered - 'a' + 10 : -1;
}

} // namespace

ChunkDecoder::Found ChunkDecoder::next(Bytes& rest, Bytes& data, Anomalies& anomalies) noexcept {
  while (!rest.empty()) {
    if (place_ == Place::data) return decode_data(rest, data);
    const char c = static_cast<char>(rest.front());
    rest = rest.subspan(1);
    const Found found = decode(c, anomalies);
    if (found != Found::need_more) return found;
  }
  return Found::need_more;
}

ChunkDecoder::Found ChunkDecoder::decode_data(Bytes& rest, Bytes& data) noexcept {
  XDPCAP_DCHECK(place_ == Place::data && size_ != 0 && !rest.empty());
  const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(size_, rest.size()));
  data = rest.first(here);
  rest = rest.subspan(here);
  size_ -= here;
  if (size_ == 0) place_ = Place::data_end;
  return Found::data;
}

ChunkDecoder::Found ChunkDecoder::decode(char c, Anomalies& anomalies) noexcept {
  const bool is_line_end = c == '\n';
  switch (place_) {
    case Place::size_start:
    case Place::size:
      if (hex_digit(c) >= 0) return decode_digit(c, anomalies);
      if (place_ == Place::size_start) break;
      [[fallthrough]];
    case Place::behind_size:
      if (c == '\r' || is_line_end || c == ';' || is_blank(c)) {
        if (is_line_end) anomalies.add(Anomaly::bare_lf);
        if (c == ';') anomalies.add(Anomaly::chunk_extension);
        place_ = c == '\r' ? Place::size_cr : c == ';' ? Place::extension : Place::behind_size;
        return is_line_end ? end_size_line() : Found::need_more;
      }
      break;
    case Place::extension:
      return is_line_end ? end_size_line() : Found::need_more;
    case Place::size_cr:
      if (is_line_end) return end_size_line();
      break;
    case Place::data_end:
      if (is_line_end) anomalies.add(Anomaly::bare_lf);
      if (c == '\r' || is_line_end) {
        place_ = is_line_end ? Place::size_start : Place::data_cr;
        return Found::need_more;
      }
      anomalies.add(Anomaly::missing_chunk_crlf);
      return Found::wrong;
    case Place::data_cr:
      if (is_line_end) {
        place_ = Place::size_start;
        return Found::need_more;
      }
      anomalies.add(Anomaly::missing_chunk_crlf);
      return Found::wrong;
    case Place::data:
      XDPCAP_UNREACHABLE(); // not framing
  }
  anomalies.add(Anomaly::bad_chunk_size);
  return Found::wrong;
}

ChunkDecoder::Found ChunkDecoder::decode_digit(char c, Anomalies& anomalies) noexcept {
  XDPCAP_DCHECK(hex_digit(c) >= 0);
  if (size_ >> 60 != 0) {
    anomalies.add(Anomaly::bad_chunk_size);
    return Found::wrong;
  }
  size_ = size_ << 4 | static_cast<std::uint64_t>(hex_digit(c));
  place_ = Place::size;
  return Found::need_more;
}

ChunkDecoder::Found ChunkDecoder::end_size_line() noexcept {
  if (size_ == 0) return Found::last;
  place_ = Place::data;
  return Found::need_more;
}

} // namespace xdpcap::http
