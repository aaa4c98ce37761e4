// Plain heads are read in one pass by masks of 64 bytes, all others line by line: both must say the
// same of any bytes.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "http/head_masks.hpp"
#include "http/head_parser.hpp"
#include "http/scan.hpp"
#include "support/guarded.hpp"

namespace xdpcap::http {
namespace {

std::vector<Vectors> vectors_here() {
  std::vector<Vectors> here{Vectors::baseline};
  if (vectors_of_processor() != Vectors::baseline) here.push_back(vectors_of_processor());
  return here;
}

TEST(HeadMasks, SayOfEachByteWhatItIsWithAnyVectors) {
  for (const Vectors vectors : vectors_here()) {
    for (int value = 0; value < 256; ++value) {
      for (std::size_t place = 0; place < 64; ++place) {
        for (const char filler : {'n', ':', '\n'}) {
          std::string text(64, filler);
          text[place] = static_cast<char>(value);
          const xdpcap::test::Guarded guarded{as_bytes(text)};
          const HeadMasks masks = masks_with(vectors)(as_text(guarded.bytes()).data());
          std::uint64_t odd = 0, low = 0;
          for (std::size_t i = 0; i < 64; ++i) {
            odd |= std::uint64_t{!is_plain_name_char(text[i])} << i;
            low |= std::uint64_t{static_cast<unsigned char>(text[i]) <= 0x0d} << i;
          }
          ASSERT_EQ(masks.odd, odd) << value << " at " << place;
          ASSERT_EQ(masks.low, low) << value << " at " << place;
        }
      }
    }
  }
}

TEST(HeadMasks, AScannerFindsTheNextByteAndReadsNoFurtherThanTheEnd) {
  for (std::size_t length = 0; length < 200; ++length) {
    for (std::size_t place = 0; place <= length; place += 1 + length / 40) {
      std::string text(length, 'x');
      if (place < length) text[place] = '\n';
      const xdpcap::test::Guarded guarded{as_bytes(text)};
      const std::string_view view = as_text(guarded.bytes());
      for (std::size_t from = 0; from <= place; from += 1 + length / 20) {
        HeadScanner odd{view}, low{view};
        EXPECT_EQ(odd.next_odd(view.data() + from), view.data() + place);
        EXPECT_EQ(low.next_low(view.data() + from), view.data() + place);
      }
    }
  }
}

// Heads as they are sent, and then a few things wrong with them.
class Heads {
 public:
  explicit Heads(unsigned seed) : random_(seed) {}

  std::string next() {
    std::string head = pick({"GET / HTTP/1.1", "GET /a?b=c HTTP/1.0", "POST /form HTTP/1.1",
                             "M-SEARCH * HTTP/1.1", "HTTP/1.1 200 OK", "HTTP/1.0 404 Not Found",
                             "HTTP/1.1 204 ", "HTTP/1.1 099 Low", "HTTP/1.1 200", "G@T / HTTP/1.1",
                             "GET  / HTTP/1.1", "GET / HTTP/1.2", "GET /a b HTTP/1.1",
                             "GET / HTTP/1.1 ", "PRI * HTTP/2.0", "HTTP/2.0 200 OK", "NOT HTTP"});
    if (below(4) == 0) head.insert(4, std::string(below(200), 'p'));
    head += line_end();
    for (std::size_t lines = below(12); lines > 0; --lines) {
      head += pick({"Host", "Content-Length", "Transfer-Encoding", "Connection", "X-Pad", "Accept",
                    "_", "a1", "", "od@d", "X-" + std::string(below(90), 'n')});
      head += pick({":", ":", ": ", ": ", ": ", ":  ", ":\t", " : ", ""});
      head += pick({"a.example", "5", "5, 5", "chunked", "gzip, chunked", "close", "keep-alive",
                    "keep-alive, close", "", "a  b", "\x80\xff", std::string(below(200), 'v')});
      head += pick({"", "", "", " ", "\t"});
      head += line_end();
      if (below(16) == 0) head += " folded" + line_end();
    }
    head += line_end() + "body: of it\r\n\r\n";
    for (std::size_t count = below(8) < 5 ? 0 : below(3); count > 0; --count)
      head[below(head.size())] = "\r\n\0\t :\x7f\xff@"[below(9)];
    return head;
  }
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_);
  }

 private:
  std::string pick(const std::vector<std::string>& choices) {
    return choices[below(choices.size())];
  }
  std::string line_end() { return below(40) == 0 ? pick({"\n", "\r", "\r\r\n"}) : "\r\n"; }

  std::minstd_rand random_;
};

using Parse = Answer (*)(Bytes, std::span<FieldSpan>, Head&) noexcept;

// All that is said of a head, as text.
std::string reading(Parse parse, Bytes bytes, std::size_t room_size) {
  std::array<FieldSpan, 16> room;
  Head head;
  const Answer answer = parse(bytes, std::span{room}.first(room_size), head);
  std::string text = "answer " + std::to_string(static_cast<int>(answer));
  const auto add = [&text](std::initializer_list<std::uint64_t> numbers) {
    for (const std::uint64_t number : numbers) text += " " + std::to_string(number);
  };
  const auto add_span = [&add](Span span) { add({span.offset, span.length}); };
  add({head.start.length}); // also of a head that goes on
  if (answer != Answer::done) return text;
  add({static_cast<std::uint64_t>(head.start.kind), head.start.h2_preface, head.start.status,
       head.start.version_major, head.start.version_minor, head.start.anomalies.bits(), head.length,
       head.consumed, head.anomalies.bits()});
  for (const Span span : {head.start.method, head.start.target, head.start.reason}) add_span(span);
  const FramingFields& framing = head.framing;
  add({framing.has_length, framing.length_bad, framing.length_repeated, framing.length,
       framing.has_transfer_encoding, framing.chunked_last, framing.chunked_repeated,
       framing.closes, framing.hosts});
  text += " host " + std::string(framing.host);
  for (const FieldSpan& field : head.fields) {
    add_span(field.name);
    add_span(field.value);
  }
  return text;
}

TEST(PlainHead, IsReadAsLineByLineAtEverySplit) {
  Heads heads(7);
  std::size_t plain = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string head = heads.next();
    StartLine line;
    HeadScanner scanner{head};
    plain += read_plain_start_line(head, scanner, line) ? 1U : 0U;
    const std::size_t room = heads.below(8) == 0 ? heads.below(4) : 16;
    for (std::size_t length = i % 20 == 0 ? 0 : head.size(); length <= head.size(); ++length) {
      const xdpcap::test::Guarded guarded{as_bytes(std::string_view{head}.substr(0, length))};
      ASSERT_EQ(reading(parse_head, guarded.bytes(), room),
                reading(parse_head_line_by_line, guarded.bytes(), room))
          << "head " << i << ", first " << length << " bytes of " << head;
    }
  }
  EXPECT_GT(plain, 500U);
}

} // namespace
} // namespace xdpcap::http
