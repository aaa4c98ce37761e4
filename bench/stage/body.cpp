#include <benchmark/benchmark.h>

#include "http/conversation.hpp"
#include "stage/texts.hpp"

// A whole response through one conversation, in segments of 1460 bytes: its body
// kept, only counted, or chunked.
namespace xdpcap::bench {
namespace {

constexpr std::size_t kSegment = 1460;

struct Counting {
  std::uint64_t messages = 0, kept = 0;
  void on_message(const http::Message& message) noexcept {
    ++messages;
    kept += message.body.size();
  }
};

std::string counted(std::size_t bytes) {
  return response_head(bytes) + std::string(bytes, 'x');
}
std::string chunked(std::size_t bytes) {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < bytes; at += 8192)
    text += "2000\r\n" + std::string(8192, 'x') + "\r\n";
  return text + "0\r\n\r\n";
}

void run(benchmark::State& state, const std::string& response, std::size_t body,
         std::uint64_t kept_max) {
  http::Workspace workspace{{.body_kept_max = kept_max}, 8U << 20};
  http::Conversation conversation;
  Counting sink;
  StreamBytes request{.direction = Direction::to_server};
  StreamBytes piece{.direction = Direction::to_client};
  const std::string asked = small_request();
  for ([[maybe_unused]] auto _ : state) {
    request.bytes = as_bytes(asked);
    conversation.on_bytes(request, workspace, sink);
    request.offset += asked.size();
    for (Bytes rest = as_bytes(response); !rest.empty(); rest = rest.subspan(piece.bytes.size())) {
      piece.bytes = rest.first(std::min(kSegment, rest.size()));
      conversation.on_bytes(piece, workspace, sink);
      piece.offset += piece.bytes.size();
    }
  }
  const auto exchanges = static_cast<std::uint64_t>(state.iterations());
  if (sink.messages != 2 * exchanges ||
      sink.kept != exchanges * std::min<std::uint64_t>(body, kept_max)) {
    state.SkipWithError("not all messages, or not all of their bodies");
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(response.size()));
  conversation.release(workspace);
}

constexpr std::size_t kBody = std::size_t{64} << 10;

void body_kept(benchmark::State& state) {
  const auto body = static_cast<std::size_t>(state.range(0));
  run(state, counted(body), body, UINT64_MAX);
}
BENCHMARK(body_kept)->Arg(1000)->Arg(16 << 10)->Arg(64 << 10)->Arg(1 << 20);
void body_counted_only(benchmark::State& state) {
  run(state, counted(kBody), kBody, 0);
}
BENCHMARK(body_counted_only);
void body_chunked_kept(benchmark::State& state) {
  run(state, chunked(kBody), kBody, UINT64_MAX);
}
BENCHMARK(body_chunked_kept);

} // namespace
} // namespace xdpcap::bench
