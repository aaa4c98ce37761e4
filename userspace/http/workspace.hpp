#pragma once

#include "http/counts.hpp"
#include "http/limits.hpp"
#include "http/message_builder.hpp"

namespace xdpcap::http {

// What all conversations of one worker share: the memory of messages in progress
// and the counters. Everything is reserved in the constructor (which throws
// std::bad_alloc) and committed when first used; nothing allocates afterwards.
// One thread; counts() may be read by any.
class Workspace {
 public:
  // `memory_bytes`: for messages that came in part (twice the longest head and the
  // lists of field lines come on top). Where it is spent, bodies are
  // cut first (an eighth is kept for heads), then whole messages are shed; both
  // are counted.
  Workspace(const Limits& limits, std::size_t memory_bytes) : builder_(limits, memory_bytes) {}

  [[nodiscard]] const Limits& limits() const noexcept { return builder_.limits(); }
  [[nodiscard]] const HttpCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::size_t memory_in_use() const noexcept { return builder_.memory_in_use(); }
  [[nodiscard]] std::size_t memory_size() const noexcept { return builder_.memory_size(); }

 private:
  friend class Conversation;

  MessageBuilder builder_;
  HttpCounts counts_;
};

} // namespace xdpcap::http
