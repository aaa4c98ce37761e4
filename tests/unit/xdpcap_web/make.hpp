#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/xdpcap_web/store/exchange.hpp"

// Records as an engine would send them, for the rooms of the gateway.
namespace xdpcap::web {

// "10.0.0.1:80" and "[fd00::1]:80" as an endpoint.
schema::Endpoint endpoint(const std::string& text);

// A message by what stands in it. Fields are found in the head as a lenient parser does: name up to
// the colon, value without the blanks around it, folds kept.
struct MadeMessage {
  std::string head; // start line and field lines, with or without the last end of line
  std::string body = {};
  std::uint64_t first_ns = 1'000'000'000, last_ns = 0; // 0: as first_ns
  std::uint64_t flow = 1;
  std::uint32_t index = 0;
  std::string client = "10.0.0.1:4000", server = "10.0.0.2:80";
  std::uint64_t full_body_length = 0; // 0: that of the body
  bool complete = true, masked = false, trailers = false;
  schema::Framing framing = schema::Framing::none;
  bool has_declared_length = false;
  std::uint64_t declared_length = 0;
  std::uint64_t anomalies = 0;
};

flatbuffers::Offset<schema::HttpMessage> write(flatbuffers::FlatBufferBuilder& builder,
                                               const MadeMessage& made);
// One batch that holds them all.
BatchPointer batch_of(const std::vector<MadeMessage>& messages, const std::string& sensor = "web1",
                      std::uint64_t epoch = 7);
// A record alone in a buffer, which this keeps.
template <class Record>
class Made {
 public:
  // `fill` finishes the builder with the record.
  template <class Fill>
  explicit Made(Fill fill) {
    fill(builder_);
    record_ = flatbuffers::GetRoot<Record>(builder_.GetBufferPointer());
  }
  const Record& operator*() const { return *record_; }

 private:
  flatbuffers::FlatBufferBuilder builder_;
  const Record* record_;
};

// An exchange of the messages given, which make one batch.
Exchange exchange_of(const MadeMessage& request);
Exchange exchange_of(const MadeMessage& request, const MadeMessage& response);

} // namespace xdpcap::web
