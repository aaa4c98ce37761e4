#include "http/head_parser.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/head_masks.hpp"
#include "http/scan.hpp"

namespace xdpcap::http {
namespace {

// Walks field lines. `at_` is always the first byte of a line.
class FieldReader {
 public:
  FieldReader(std::string_view text, std::size_t from, std::span<FieldSpan> room,
              Anomalies& anomalies, const HeadScanner& scanner) noexcept
      : begin_(text.data()),
        at_(text.data() + from),
        end_(text.data() + text.size()),
        room_(room),
        anomalies_(anomalies),
        scanner_(scanner) {
    XDPCAP_CHECK(from <= text.size() && text.size() <= UINT32_MAX); // offsets have 32 bits
  }

  // Reads lines up to and with the empty one.
  template <bool kPlainLines>
  Answer read(FramingFields& framing) noexcept {
    for (;;) {
      if constexpr (kPlainLines) read_plain_fields(framing);
      const Answer empty = read_empty_line();
      if (empty != Answer::wrong) return empty;
      if (!read_field()) return Answer::need_more;
      framing.add(text(field_.name), text(field_.value));
      list_field();
    }
  }

  [[nodiscard]] std::size_t listed() const noexcept { return listed_; }
  [[nodiscard]] std::uint32_t section_end() const noexcept { return section_end_; }
  [[nodiscard]] std::uint32_t consumed() const noexcept { return offset(at_); }

 private:
  [[nodiscard]] std::uint32_t offset(const char* at) const noexcept {
    return static_cast<std::uint32_t>(at - begin_);
  }
  [[nodiscard]] Span span(const char* from, const char* to) const noexcept {
    XDPCAP_DCHECK(begin_ <= from && from <= to && to <= end_);
    return {offset(from), static_cast<std::uint32_t>(to - from)};
  }
  [[nodiscard]] std::string_view text(Span part) const noexcept {
    return {begin_ + part.offset, part.length};
  }

  // The lines that nearly all are: a plain name, a colon, a value without controls,
  // CRLF, and behind it the first byte of a line that is not folded. Stops at the first that is
  // another one, is not all here, or cannot be listed.
  void read_plain_fields(FramingFields& framing) noexcept {
    if (end_ - at_ < 3) return;
    HeadScanner scanner = scanner_; // copies, which can live in registers
    const char* const begin = begin_;
    const char* const end = end_ - 2; // of line ends with a byte behind them
    const char* at = at_;
    FieldSpan* next = room_.data() + listed_;
    const FieldSpan* const room_end = room_.data() + room_.size();
    const auto offset = [begin](const char* place) {
      return static_cast<std::uint32_t>(place - begin);
    };
    while (next != room_end) {
      const char* const name_end = scanner.next_odd(at);
      if (name_end >= end || *name_end != ':' || name_end == at) break;
      const char* value = name_end + 1;
      const char* const line_end = scanner.next_low(value);
      if (line_end >= end || !begins_with_crlf(line_end) || is_blank(line_end[2])) break;
      const char* value_end = line_end;
      value += *value == ' ' ? 1 : 0;
      if (*value == ' ' || value_end[-1] == ' ') [[unlikely]] {
        while (value != value_end && *value == ' ') ++value;
        while (value != value_end && value_end[-1] == ' ') --value_end;
      }
      const auto name_length = static_cast<std::uint32_t>(name_end - at);
      const auto value_length = static_cast<std::uint32_t>(value_end - value);
      *next++ = {{offset(at), name_length}, {offset(value), value_length}};
      framing.add({at, name_length}, {value, value_length});
      at = line_end + 2;
    }
    at_ = at;
    listed_ = static_cast<std::size_t>(next - room_.data());
    scanner_ = scanner;
  }

  // Wrong: this line is not empty.
  Answer read_empty_line() noexcept {
    section_end_ = offset(at_);
    if (at_ == end_) return Answer::need_more;
    if (*at_ == '\n') {
      anomalies_.add(Anomaly::bare_lf);
      ++at_;
      return Answer::done;
    }
    if (*at_ != '\r') return Answer::wrong;
    if (at_ + 1 == end_) return Answer::need_more;
    if (at_[1] != '\n') return Answer::wrong;
    at_ += 2;
    return Answer::done;
  }

  // Finds the end of the line from `from` on; `content_end_` and `at_` are set.
  bool find_line_end(const char* from) noexcept {
    for (const char* at = from;; ++at) {
      at = find_low_control(at, end_);
      if (at == end_) return false;
      if (*at == '\r') {
        if (at + 1 == end_) return false;
        if (at[1] != '\n') {
          anomalies_.add(Anomaly::bare_cr);
          continue;
        }
        content_end_ = at;
        at_ = at + 2;
        return true;
      }
      if (*at == '\n') {
        anomalies_.add(Anomaly::bare_lf);
        content_end_ = at;
        at_ = at + 1;
        return true;
      }
      if (*at == '\0') anomalies_.add(Anomaly::nul_in_head);
    }
  }

  // One field with its folded lines. False: the bytes end before it is known
  // where it ends, which is known only at the first byte of the next line.
  bool read_field() noexcept {
    const char* const line = at_;
    const char* const name_end = find_plain_name_end(line, end_);
    if (name_end == end_) return false;
    if (*name_end == ':' && name_end != line) {
      field_.name = span(line, name_end);
      if (!find_line_end(name_end + 1)) return false;
      trim_value(name_end + 1);
    } else {
      if (!find_line_end(name_end)) return false;
      split_odd_line(line);
    }
    while (at_ != end_ && is_blank(*at_)) {
      if (!read_folded_line()) return false;
    }
    return at_ != end_;
  }

  // The value between `from` and the end of the line, without blanks around it.
  void trim_value(const char* from) noexcept {
    const char* to = content_end_;
    while (from != to && is_blank(*from)) ++from;
    while (to != from && is_blank(to[-1])) --to;
    field_.value = span(from, to);
  }

  // A name with a byte in it that names seldom or never have, or no colon.
  void split_odd_line(const char* line) noexcept {
    const char* const colon = std::find(line, content_end_, ':');
    const char* name_end = colon;
    if (colon == content_end_) {
      anomalies_.add(Anomaly::missing_colon);
      field_.value = span(content_end_, content_end_);
    } else {
      while (name_end != line && is_blank(name_end[-1])) --name_end;
      if (name_end != colon) anomalies_.add(Anomaly::space_before_colon);
      trim_value(colon + 1);
    }
    if (name_end == line || !std::all_of(line, name_end, is_token_char))
      anomalies_.add(Anomaly::bad_field_name);
    field_.name = span(line, name_end);
  }

  bool read_folded_line() noexcept {
    const char* const line = at_;
    const Span value = field_.value;
    if (!find_line_end(line)) return false;
    anomalies_.add(Anomaly::obs_fold);
    trim_value(line);
    if (field_.value.length == 0) {
      field_.value = value;
    } else if (value.length != 0) {
      const std::uint32_t end = field_.value.offset + field_.value.length;
      field_.value = {value.offset, end - value.offset};
    }
    return true;
  }

  void list_field() noexcept {
    if (listed_ == room_.size()) {
      anomalies_.add(Anomaly::head_too_large);
    } else {
      room_[listed_++] = field_;
    }
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* content_end_ = nullptr;
  std::span<FieldSpan> room_;
  Anomalies& anomalies_;
  HeadScanner scanner_;
  FieldSpan field_;
  std::size_t listed_ = 0;
  std::uint32_t section_end_ = 0;
};

// The field lines behind a start line, which is read.
template <bool kPlainLines>
Answer read_fields(std::string_view text, std::span<FieldSpan> room, const HeadScanner& scanner,
                   Head& head) noexcept {
  head.framing = FramingFields{};
  head.anomalies = head.start.anomalies;
  FieldReader reader{text, head.start.length, room, head.anomalies, scanner};
  const Answer answer = reader.read<kPlainLines>(head.framing);
  if (answer != Answer::done) return answer;
  head.fields = room.first(reader.listed());
  head.length = reader.section_end();
  head.consumed = reader.consumed();
  XDPCAP_CHECK(head.length < head.consumed && head.consumed <= text.size());
  return Answer::done;
}

} // namespace

Answer parse_head(Bytes bytes, std::span<FieldSpan> room, Head& head) noexcept {
  const std::string_view text = as_text(bytes);
  HeadScanner scanner{text};
  if (read_plain_start_line(text, scanner, head.start)) [[likely]]
    return read_fields<true>(text, room, scanner, head);
  const Answer answer = parse_start_line(text, head.start);
  if (answer != Answer::done) return answer;
  return read_fields<true>(text, room, HeadScanner{text.substr(head.start.length)}, head);
}

Answer parse_head_line_by_line(Bytes bytes, std::span<FieldSpan> room, Head& head) noexcept {
  const std::string_view text = as_text(bytes);
  const Answer answer = parse_start_line(text, head.start);
  return answer == Answer::done ? read_fields<false>(text, room, HeadScanner{text}, head) : answer;
}

FieldSection parse_fields(Bytes bytes, std::span<FieldSpan> room, Anomalies& anomalies) noexcept {
  const std::string_view text = as_text(bytes);
  FramingFields unused;
  FieldReader reader{text, 0, room, anomalies, HeadScanner{text}};
  static_cast<void>(reader.read<true>(unused));
  return {room.first(reader.listed()), reader.section_end()};
}

} // namespace xdpcap::http
