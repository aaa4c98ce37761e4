#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apps/xdpcap_web/store/exchange.hpp"

struct ZSTD_CCtx_s;

namespace xdpcap::web {

// An exchange as bytes: a `schema::Batch` with its messages alone (request, response, interim
// ones), compressed with zstd where that saves an eighth. One thread; keeps its buffers, so that
// packing many does not allocate.
class ExchangePacker {
 public:
  ExchangePacker();
  ~ExchangePacker();
  ExchangePacker(const ExchangePacker&) = delete;
  ExchangePacker& operator=(const ExchangePacker&) = delete;

  // Borrowed until the next call.
  std::string_view pack(const Exchange& exchange);

 private:
  flatbuffers::FlatBufferBuilder builder_;
  ZSTD_CCtx_s* compressor_;
  std::string compressed_;
};

// The same exchange again, in memory of its own; nothing where the bytes are damaged. Any thread.
std::optional<Exchange> unpack_exchange(std::string_view packed, const ExchangeId& id);

// A copy of a message in another buffer. Fields that this build does not know are left out.
flatbuffers::Offset<schema::HttpMessage> copy_message(flatbuffers::FlatBufferBuilder& builder,
                                                      const schema::HttpMessage& message);

} // namespace xdpcap::web
