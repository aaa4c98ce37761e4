// The same well-formed conversations read by another parser, http_parser (as a
// library of the distribution), must come out the same.
#ifdef XDPCAP_HAS_HTTP_PARSER
#include <gtest/gtest.h>
#include <http_parser.h>

#include <deque>

#include "http/chars.hpp"
#include "script.hpp"

namespace xdpcap::http::test {
namespace {

// Well-formed messages, from a seed.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  struct Exchange {
    std::string request, response;
    bool is_head = false;
  };

  Exchange exchange() {
    Exchange made;
    const std::string_view method =
        pick({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "M-SEARCH"});
    made.is_head = method == "HEAD";
    made.request = std::string{method} + " /" + word(60) + " HTTP/1." + (chance(8) ? "0" : "1") +
                   "\r\n" + fields();
    made.request += method == "GET" || made.is_head ? std::string{"\r\n"} : with_body(true);
    const std::string_view status =
        pick({"200 OK", "404 Not Found", "204 No Content", "304 Not Modified", "500 Oh no"});
    if (chance(6)) made.response = "HTTP/1.1 100 Continue\r\n\r\n";
    made.response += "HTTP/1.1 " + std::string{status} + "\r\n" + fields();
    const bool has_body =
        !made.is_head && status.substr(0, 3) != "204" && status.substr(0, 3) != "304";
    made.response += has_body                    ? with_body(false)
                     : made.is_head && chance(2) ? "Content-Length: 99\r\n\r\n"
                                                 : "\r\n";
    return made;
  }

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_);
  }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  std::string_view pick(std::initializer_list<std::string_view> choices) {
    return choices.begin()[below(choices.size())];
  }
  std::string word(std::size_t longest) {
    std::string made;
    for (std::size_t left = 1 + below(longest); left > 0; --left)
      made += static_cast<char>('a' + below(26));
    return made;
  }
  std::string fields() {
    std::string made;
    for (std::size_t left = below(12); left > 0; --left) {
      made += "X-" + word(20);
      made += pick({":", ": ", ":\t"});
      made += chance(10) ? "" : word(70);
      made += pick({"\r\n", " \r\n"});
    }
    return made;
  }
  std::string bytes(std::size_t length) {
    std::string made;
    while (made.size() < length) made += static_cast<char>(below(256));
    return made;
  }
  std::string with_body(bool may_be_none) {
    if (may_be_none && chance(4)) return "\r\n";
    if (chance(2)) {
      const std::string body = bytes(below(3000));
      return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    std::string made = "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t left = below(5); left > 0; --left) {
      const std::string data = bytes(1 + below(500));
      std::array<char, 20> size{};
      std::snprintf(size.data(), size.size(), chance(2) ? "%zx" : "%04zX", data.size());
      made += std::string{size.data()} + (chance(4) ? ";ext=1" : "") + "\r\n" + data + "\r\n";
    }
    return made + "0\r\n" + (chance(3) ? "X-Trailer: t\r\n" : "") + "\r\n";
  }

  std::mt19937 random_;
};

struct Reference {
  std::string start; // method and target, or status
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  friend bool operator==(const Reference&, const Reference&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Reference& one) {
    return out << one.start << " fields=" << one.fields.size() << " body=" << one.body.size();
  }
};

// Runs http_parser over one direction. Trailers come as fields there, and are cut off.
class Other {
 public:
  explicit Other(http_parser_type type, std::deque<bool> heads = {}) : heads_(std::move(heads)) {
    http_parser_init(&parser_, type);
    parser_.data = this;
    http_parser_settings_init(&settings_);
    settings_.on_message_begin = [](http_parser* p) { return self(p).begin(); };
    settings_.on_url = [](http_parser* p, const char* at, std::size_t n) {
      return add(self(p).url_, at, n);
    };
    settings_.on_header_field = [](http_parser* p, const char* at, std::size_t n) {
      return self(p).name(at, n);
    };
    settings_.on_header_value = [](http_parser* p, const char* at, std::size_t n) {
      return self(p).value(at, n);
    };
    settings_.on_headers_complete = [](http_parser* p) { return self(p).headers_complete(); };
    settings_.on_body = [](http_parser* p, const char* at, std::size_t n) {
      return add(self(p).messages_.back().body, at, n);
    };
  }

  std::vector<Reference> read(const std::string& text) {
    EXPECT_EQ(http_parser_execute(&parser_, &settings_, text.data(), text.size()), text.size())
        << http_errno_description(HTTP_PARSER_ERRNO(&parser_));
    return messages_;
  }

 private:
  static Other& self(http_parser* parser) { return *static_cast<Other*>(parser->data); }
  static int add(std::string& to, const char* at, std::size_t length) {
    to.append(at, length);
    return 0;
  }
  int begin() {
    messages_.emplace_back();
    url_.clear();
    in_trailer_ = false;
    last_was_name_ = false;
    return 0;
  }
  int name(const char* at, std::size_t length) {
    if (in_trailer_) return 0;
    if (!last_was_name_) messages_.back().fields.emplace_back();
    last_was_name_ = true;
    return add(messages_.back().fields.back().first, at, length);
  }
  int value(const char* at, std::size_t length) {
    if (in_trailer_) return 0;
    last_was_name_ = false;
    return add(messages_.back().fields.back().second, at, length);
  }
  int headers_complete() {
    in_trailer_ = true;
    if (parser_.type == HTTP_REQUEST) {
      messages_.back().start =
          std::string{http_method_str(static_cast<http_method>(parser_.method))} + ' ' + url_;
      return 0;
    }
    messages_.back().start = std::to_string(parser_.status_code);
    if (parser_.status_code < 200) return 0;
    const bool is_head = heads_.front();
    heads_.pop_front();
    return is_head ? 1 : 0;
  }

  http_parser parser_{};
  http_parser_settings settings_{};
  std::deque<bool> heads_;
  std::vector<Reference> messages_;
  std::string url_;
  bool in_trailer_ = false;
  bool last_was_name_ = false;
};

// Some parsers leave the blanks behind a value, which mean nothing (RFC 9112, 5).
std::vector<Reference> without_blanks(std::vector<Reference> messages) {
  for (Reference& message : messages) {
    for (auto& [name, value] : message.fields) value = trim(value);
  }
  return messages;
}

TEST(Differential, AnotherParserReadsWellFormedConversationsTheSame) {
  constexpr unsigned kConversations = 15;
  for (unsigned seed = 1; seed <= kConversations; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator generator{seed};
    std::string requests, responses;
    std::deque<bool> heads;
    for (int i = 0; i < 12; ++i) {
      const Generator::Exchange exchange = generator.exchange();
      requests += exchange.request;
      responses += exchange.response;
      heads.push_back(exchange.is_head);
    }
    std::vector<Reference> expected = without_blanks(Other{HTTP_REQUEST}.read(requests));
    for (Reference& response : without_blanks(Other{HTTP_RESPONSE, heads}.read(responses))) {
      expected.push_back(std::move(response));
    }
    std::vector<Reference> actual;
    for (const Seen& seen : Script{}.client(requests).server(responses).close().messages()) {
      EXPECT_TRUE(seen.complete);
      const bool is_request = seen.kind == Kind::request;
      actual.push_back({is_request ? seen.method + ' ' + seen.target : std::to_string(seen.status),
                        seen.fields, seen.body});
    }
    ASSERT_GE(actual.size(), 24U);
    ASSERT_EQ(actual, expected);
  }
}

} // namespace
} // namespace xdpcap::http::test
#endif
