#pragma once

#include <cstdint>
#include <string_view>

#include "core/check.hpp"
#include "core/counters.hpp"

namespace xdpcap::http {

// What happened to messages and bytes. Each message handed out is in exactly one
// of the first three. Each byte delivered in order belongs to a message that was
// handed out, to one that was begun and lost, or is in exactly one of bytes_*.
enum class HttpCount : std::uint8_t {
  requests,
  responses, // final ones
  interim_responses,
  // Of these, messages whose end was not seen, by reason (see End).
  incomplete_fin,
  incomplete_rst,
  incomplete_timeout,
  incomplete_gap,
  incomplete_evicted,
  incomplete_malformed,
  incomplete_capture,
  bodies_truncated,   // more body was seen than was kept
  resynchronised,     // messages found behind a gap, or in the middle of a connection
  unpaired_responses, // no request is known for them, or it is not known which
  // Messages that were begun and never handed out.
  heads_cut_by_close,
  heads_lost_to_gap,
  heads_too_large, // handed out, if at least the start line was within the limit
  shed_for_memory,
  connections,     // with data, or a gap where data was
  connections_tls, // of these: the first bytes are a TLS record
  // Directions that are no longer read as HTTP/1.
  directions_not_http, // did not begin with a start line
  directions_malformed,
  tunnels,     // CONNECT or Upgrade agreed on, each once
  h2_prefaces, // each once
  // Bytes outside of messages.
  bytes_empty_lines,
  bytes_skipped, // searching a start line behind a gap
  bytes_not_http,
  bytes_malformed, // behind, or in, what could not be read
  bytes_tunnel,
  bytes_h2,
  bytes_after_close,
  bytes_missing,      // in gaps
  requests_untracked, // answered as plain ones: more were outstanding than are remembered
  count_,
};

inline constexpr std::string_view name_of(HttpCount count) noexcept {
  XDPCAP_CHECK(count < HttpCount::count_);
  constexpr std::string_view names[] = {
      "requests",
      "responses",
      "interim_responses",
      "incomplete_fin",
      "incomplete_rst",
      "incomplete_timeout",
      "incomplete_gap",
      "incomplete_evicted",
      "incomplete_malformed",
      "incomplete_capture",
      "bodies_truncated",
      "resynchronised",
      "unpaired_responses",
      "heads_cut_by_close",
      "heads_lost_to_gap",
      "heads_too_large",
      "shed_for_memory",
      "connections",
      "connections_tls",
      "directions_not_http",
      "directions_malformed",
      "tunnels",
      "h2_prefaces",
      "bytes_empty_lines",
      "bytes_skipped",
      "bytes_not_http",
      "bytes_malformed",
      "bytes_tunnel",
      "bytes_h2",
      "bytes_after_close",
      "bytes_missing",
      "requests_untracked",
  };
  static_assert(std::size(names) == static_cast<std::size_t>(HttpCount::count_));
  return names[static_cast<std::size_t>(count)];
}

using HttpCounts = Counters<HttpCount>;

} // namespace xdpcap::http
