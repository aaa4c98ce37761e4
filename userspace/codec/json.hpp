#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/xdpcap_generated.h"

namespace xdpcap::codec {

// What of a body is shown in JSON. `text`: as text where it is UTF-8, else as base64.
enum class BodyFormat { none, text, base64 };
std::optional<BodyFormat> body_format_named(std::string_view name) noexcept;

struct JsonOptions {
  BodyFormat body = BodyFormat::none;
  // Called while a long line is appended, with what there is so far: who writes it out and clears
  // it needs no room for a body, which as text may become six times as long.
  std::function<void(std::string&)> drain;
};

// One line for each record of the batch, with its line end, appended to `out`.
// The shape of a message is that of schemas/README.md, "JSON lines"; a line of another
// topic has "kind" flow, segment, datagram, socket, interface or stats. Names, values, target and
// reason: one character for each byte.
void append_json(std::string& out, const schema::Batch& batch, const JsonOptions& options);
void append_json(std::string& out, const schema::HttpMessage& message, const JsonOptions& options);

} // namespace xdpcap::codec
