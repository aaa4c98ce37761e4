#pragma once

#include <span>

#include "core/bytes.hpp"
#include "http/message.hpp"

namespace xdpcap::publish {

// Overwrites the values of Authorization, Proxy-Authorization, Cookie and
// Set-Cookie with '*', length kept, so that no span moves. `copy` is the caller's
// copy of a head or trailer section and `fields` are the spans into it. A folded
// value is overwritten with its line ends.
//
// `suspicious` says that the spans may not tell the whole truth about the bytes
// (a malformed or unfinished head): then each line that could be read as one of
// the four by anybody is overwritten as well. Answers whether anything was.
bool mask_secrets(std::span<std::byte> copy, std::span<const http::FieldSpan> fields, bool suspicious) noexcept;

// The anomalies that make the spans of a head untrustworthy for masking.
bool head_is_suspicious(const http::Message& message) noexcept;

} // namespace xdpcap::publish
