#pragma once

#include <span>

#include "core/bytes.hpp"
#include "http/message.hpp"
#include "publish/masking/secret_names.hpp"

// Overwrites secrets with '*' in copies that are about to be published, length kept, so that no
// span moves. Each answers whether anything was overwritten. Nothing allocates.
namespace xdpcap::publish {

// A head or trailer section and the spans into it: values of secret fields, a folded one with its
// line ends; in fields that hold addresses (Referer, Location, ...) the values of secret parameters
// and user:password@.
//
// `suspicious` says that the spans may not tell the whole truth about the bytes (a malformed or
// unfinished head): then each line that anybody could read as a secret one is overwritten as well,
// and each name=value whose name is secret.
bool mask_fields(std::span<std::byte> copy, std::span<const http::FieldSpan> fields,
                 bool suspicious, const SecretNames& names) noexcept;
// The target of a request in its head.
bool mask_target(std::span<std::byte> head, http::Span target, const SecretNames& names) noexcept;
// What was kept of a message's body, if masking looks into bodies of its type:
//
//   forms, multipart/form-data    values of secret names, files of these names as well
//   JSON by its type (also one text a line, or as an event stream), what begins like JSON whatever
//   its type, requests without a type
//                                 as mask_text() does
//
// Behind a gap a value may have lost its name: all goes. So does a body that is compressed, of a
// request, and of a response that says it is not to be kept: a field of it is secret
// (`has_secrets`), or Cache-Control has no-store. Other responses leave as they were sent.
bool mask_body(std::span<std::byte> body, const http::Message& message, bool has_secrets,
               const SecretNames& names) noexcept;
// Arguments of a command, parted by NUL: fields (-H 'Cookie: x'), users (-u name:password), options
// (--password x), name=value, addresses.
bool mask_arguments(std::span<char> arguments, const SecretNames& names) noexcept;

// Anomalies that make the spans of a head untrustworthy for masking.
bool head_is_doubtful(const http::Message& message) noexcept;
// So they are where the head may not have ended.
bool head_is_suspicious(const http::Message& message) noexcept;

} // namespace xdpcap::publish
