#include "http/head_parser.hpp"

#include <benchmark/benchmark.h>
#include <http_parser.h>

#include <array>
#include <boost/beast/http.hpp>

#include "stage/texts.hpp"

// A head in one piece, by this parser and by those of libhttp-parser and
// Boost.Beast. They do not do the same: ours lists the fields as spans and flags
// what is odd about each, libhttp-parser calls back for every name and value (here
// it counts them), Beast copies the fields into a container of its own.
namespace xdpcap::bench {
namespace {

std::string text_of(std::int64_t which) {
  return which == 0 ? small_request() : which == 1 ? browser_request() : response_head(370);
}
constexpr const char* kNames[] = {"small_request", "browser_request", "response"};

std::size_t own(const std::string& text, std::span<http::FieldSpan> room) {
  http::Head head;
  if (http::parse_head(as_bytes(text), room, head) != http::Answer::done) return 0;
  return head.fields.size();
}

std::size_t other(const std::string& text, bool is_response) {
  std::size_t fields = 0;
  http_parser parser;
  http_parser_init(&parser, is_response ? HTTP_RESPONSE : HTTP_REQUEST);
  parser.data = &fields;
  static const http_parser_settings kSettings = [] {
    http_parser_settings settings;
    http_parser_settings_init(&settings);
    settings.on_url = [](http_parser*, const char*, std::size_t) { return 0; };
    settings.on_header_field = [](http_parser* p, const char*, std::size_t) {
      ++*static_cast<std::size_t*>(p->data);
      return 0;
    };
    settings.on_header_value = [](http_parser*, const char*, std::size_t) { return 0; };
    return settings;
  }();
  return http_parser_execute(&parser, &kSettings, text.data(), text.size()) == text.size() ? fields
                                                                                           : 0;
}

template <bool is_request>
std::size_t beast(const std::string& text) {
  namespace beast_http = boost::beast::http;
  beast_http::parser<is_request, beast_http::empty_body> parser;
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(text), error);
  if (error || !parser.is_header_done()) return 0;
  const auto& fields = parser.get().base();
  return static_cast<std::size_t>(std::distance(fields.begin(), fields.end()));
}

template <class Parse>
void parse(benchmark::State& state, Parse&& parse_text) {
  const std::string text = text_of(state.range(0));
  std::array<http::FieldSpan, 128> room{};
  const std::size_t expected = own(text, room);
  if (expected == 0 || parse_text(text, room) != expected)
    return state.SkipWithError("reads another number of fields");
  for ([[maybe_unused]] auto _ : state) {
    std::size_t fields = parse_text(text, room);
    benchmark::DoNotOptimize(fields);
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void head_own(benchmark::State& state) {
  parse(state,
        [](const std::string& text, std::span<http::FieldSpan> room) { return own(text, room); });
}
void head_libhttp_parser(benchmark::State& state) {
  const bool is_response = state.range(0) == 2;
  parse(state, [&](const std::string& text, std::span<http::FieldSpan>) {
    return other(text, is_response);
  });
}
void head_beast(benchmark::State& state) {
  const bool is_response = state.range(0) == 2;
  parse(state, [&](const std::string& text, std::span<http::FieldSpan>) {
    return is_response ? beast<false>(text) : beast<true>(text);
  });
}
BENCHMARK(head_own)->DenseRange(0, 2);
BENCHMARK(head_libhttp_parser)->DenseRange(0, 2);
BENCHMARK(head_beast)->DenseRange(0, 2);

} // namespace
} // namespace xdpcap::bench
