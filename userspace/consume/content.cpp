#include "consume/content.hpp"

#define ZLIB_CONST // input is const

#include <brotli/decode.h>
#include <fmt/core.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "codec/json_text.hpp"
#include "core/utf8.hpp"

namespace xdpcap::consume {
namespace {

// RFC 9659: what a server may ask of a reader of Content-Encoding: zstd is a window of 8 MiB.
constexpr int kZstdWindowLog = 23;
constexpr std::size_t kStep = std::size_t{64} << 10;

// The outcome of undoing one coding.
struct Undone {
  std::string bytes;
  std::size_t used = 0;  // of `bytes`; the rest is room
  bool cut = false;      // there would be more
  bool ended = false;    // the coding said its end
  std::size_t taken = 0; // bytes of the input up to that end
  std::string fault;     // what the decoder said; empty where the input was just over
};

// Where the next piece goes. Past the bound it is a single byte that is thrown away: whether
// something comes there tells whether the bound cuts anything.
class Room {
 public:
  Room(Undone& out, std::size_t bytes_max) : out_(out), real_(out.used < bytes_max) {
    if (out.used == out.bytes.size() && real_)
      out.bytes.resize(std::min(bytes_max, std::max(out.used + kStep, out.used * 2)));
  }
  char* at() noexcept { return real_ ? out_.bytes.data() + out_.used : &beyond_; }
  [[nodiscard]] std::size_t size() const noexcept {
    return real_ ? out_.bytes.size() - out_.used : 1;
  }
  void took(std::size_t bytes) noexcept {
    if (real_) out_.used += bytes;
    out_.cut = !real_ && bytes != 0;
  }

 private:
  Undone& out_;
  bool real_;
  char beyond_ = 0;
};

// zlib counts in 32 bits: longer input comes in pieces.
class Inflate {
 public:
  explicit Inflate(int window_bits) { ready_ = ::inflateInit2(&stream_, window_bits) == Z_OK; }
  ~Inflate() {
    if (ready_) ::inflateEnd(&stream_);
  }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  void run(std::string_view input, std::size_t bytes_max, Undone& out) {
    if (!ready_) {
      out.fault = "no memory for it";
      return;
    }
    for (bool idle = false; !out.cut && !out.ended && out.fault.empty() && !idle;) {
      Room room(out, bytes_max);
      const auto in_piece =
          static_cast<uInt>(std::min<std::size_t>(input.size() - out.taken, 1u << 30));
      const auto out_piece = static_cast<uInt>(std::min<std::size_t>(room.size(), 1u << 30));
      stream_.next_in = reinterpret_cast<const Bytef*>(input.data() + out.taken);
      stream_.avail_in = in_piece;
      stream_.next_out = reinterpret_cast<Bytef*>(room.at());
      stream_.avail_out = out_piece;
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      out.taken += in_piece - stream_.avail_in;
      room.took(out_piece - stream_.avail_out);
      idle = stream_.avail_in == in_piece && stream_.avail_out == out_piece;
      out.ended = code == Z_STREAM_END;
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        out.fault = stream_.msg != nullptr ? stream_.msg : "it asks for a dictionary";
    }
  }
  void begin_again() noexcept { ::inflateReset(&stream_); }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

Undone undo_gzip(std::string_view input, std::size_t bytes_max) {
  Undone all;
  Inflate member(15 + 16);
  member.run(input, bytes_max, all);
  while (all.ended && input.substr(all.taken).starts_with("\x1f\x8b")) {
    all.ended = false;
    member.begin_again();
    member.run(input, bytes_max, all);
  }
  return all;
}

Undone undo_deflate(std::string_view input, std::size_t bytes_max) {
  const auto byte = [input](std::size_t at) { return static_cast<unsigned char>(input[at]); };
  const bool has_header =
      input.size() >= 2 && (byte(0) & 0x0f) == 8 && (byte(0) << 8 | byte(1)) % 31 == 0;
  Undone out;
  if (has_header) Inflate(15).run(input, bytes_max, out);
  if (has_header && (out.fault.empty() || out.used != 0)) return out;
  out = {};
  Inflate(-15).run(input, bytes_max, out);
  return out;
}

Undone undo_brotli(std::string_view input, std::size_t bytes_max) {
  const std::unique_ptr<BrotliDecoderState, decltype(&::BrotliDecoderDestroyInstance)> decoder(
      ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), ::BrotliDecoderDestroyInstance);
  Undone out;
  if (!decoder) {
    out.fault = "no memory for it";
    return out;
  }
  std::size_t available_in = input.size();
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(input.data());
  BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  while (!out.cut && result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
    Room room(out, bytes_max);
    auto* next_out = reinterpret_cast<std::uint8_t*>(room.at());
    std::size_t available_out = room.size();
    result = ::BrotliDecoderDecompressStream(decoder.get(), &available_in, &next_in, &available_out,
                                             &next_out, nullptr);
    room.took(room.size() - available_out);
  }
  out.ended = result == BROTLI_DECODER_RESULT_SUCCESS;
  if (result == BROTLI_DECODER_RESULT_ERROR)
    out.fault = ::BrotliDecoderErrorString(::BrotliDecoderGetErrorCode(decoder.get()));
  out.taken = input.size() - available_in;
  return out;
}

Undone undo_zstd(std::string_view input, std::size_t bytes_max) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&::ZSTD_freeDCtx)> decoder(::ZSTD_createDCtx(),
                                                                       ::ZSTD_freeDCtx);
  Undone out;
  if (!decoder) {
    out.fault = "no memory for it";
    return out;
  }
  ::ZSTD_DCtx_setParameter(decoder.get(), ZSTD_d_windowLogMax, kZstdWindowLog);
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  for (bool idle = false; !out.cut && !idle && !(out.ended && in.pos == in.size);) {
    Room room(out, bytes_max);
    ZSTD_outBuffer to{room.at(), room.size(), 0};
    const std::size_t before = in.pos;
    const std::size_t left = ::ZSTD_decompressStream(decoder.get(), &to, &in);
    room.took(to.pos);
    if (::ZSTD_isError(left) != 0) {
      out.fault = ::ZSTD_getErrorName(left);
      break;
    }
    out.ended = left == 0; // of a frame; another may follow
    idle = in.pos == before && to.pos == 0;
  }
  out.taken = in.pos;
  return out;
}

std::vector<std::string> codings_in(std::string_view field) {
  std::vector<std::string> codings;
  while (!field.empty()) {
    std::string_view one = field.substr(0, field.find(','));
    field.remove_prefix(std::min(field.size(), one.size() + 1));
    constexpr std::string_view kBlanks = " \t\r\n";
    one.remove_prefix(std::min(one.find_first_not_of(kBlanks), one.size()));
    one = one.substr(0, one.find_last_not_of(kBlanks) + 1);
    std::string name(one);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    if (!name.empty() && name != "identity") codings.push_back(std::move(name));
    if (codings.size() > kCodingsMax) break;
  }
  return codings;
}

std::optional<Undone> undo(std::string_view coding, std::string_view input, std::size_t bytes_max) {
  std::optional<Undone> out;
  if (coding == "gzip" || coding == "x-gzip") out = undo_gzip(input, bytes_max);
  if (coding == "deflate") out = undo_deflate(input, bytes_max);
  if (coding == "br") out = undo_brotli(input, bytes_max);
  if (coding == "zstd") out = undo_zstd(input, bytes_max);
  if (out) out->bytes.resize(out->used);
  return out;
}

// Why there is no more, or nothing where all is well.
std::string complaint(const Undone& out, std::string_view coding, std::size_t input, bool whole) {
  if (out.cut) return {};
  if (!whole && (!out.ended || !out.fault.empty()))
    return fmt::format(
        "only a part of the body was captured: {} could be decoded up to byte {} of it", coding,
        out.taken);
  if (!out.fault.empty())
    return fmt::format("the {} data is damaged at byte {}: {}", coding, out.taken, out.fault);
  if (!out.ended)
    return fmt::format("the {} data ends too early: its sender left it unfinished", coding);
  if (out.taken < input)
    return fmt::format("{} bytes follow behind the end of the {} data", input - out.taken, coding);
  return {};
}

} // namespace

DecodedBody decode_body(std::string_view body, std::string_view content_encoding,
                        std::size_t bytes_max, bool whole) {
  DecodedBody result;
  result.codings = codings_in(content_encoding);
  const auto as_it_came = [&](std::string error) {
    result.bytes = body.substr(0, bytes_max);
    result.cut = body.size() > bytes_max;
    result.error = std::move(error);
    return result;
  };
  result.decoded = result.codings.empty() || body.empty();
  if (result.decoded) return as_it_came({});
  if (body.find_first_not_of('*') == std::string_view::npos)
    return as_it_came("withheld by the capture: secrets in compressed data cannot be masked");
  if (result.codings.size() > kCodingsMax)
    return as_it_came(fmt::format("more than {} codings in a row are not decoded", kCodingsMax));

  std::string_view input = body;
  std::string between; // what the coding before gave
  for (auto coding = result.codings.rbegin(); coding != result.codings.rend(); ++coding) {
    std::optional<Undone> undone = undo(*coding, input, bytes_max);
    if (!undone) return as_it_came("there is no decoder for this coding");
    // Behind a coding that was cut by the bound, an early end is nobody's fault.
    std::string error = result.cut ? "" : complaint(*undone, *coding, input.size(), whole);
    whole = whole && error.empty();
    result.cut = result.cut || undone->cut;
    if (undone->bytes.empty() && result.cut) error = "too long to be decoded";
    if (result.error.empty()) result.error = error;
    if (undone->bytes.empty() && !error.empty()) return as_it_came(std::move(result.error));
    between = std::move(undone->bytes);
    input = between;
  }
  result.decoded = true;
  result.bytes = std::move(between);
  return result;
}

bool reads_as_text(std::string_view content) noexcept {
  constexpr std::size_t kOneIn = 16;
  const auto controls = std::count_if(content.begin(), content.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') ||
           c == 0x7f;
  });
  return static_cast<std::size_t>(controls) <= content.size() / kOneIn && is_utf8(content);
}

} // namespace xdpcap::consume
