#pragma once

#include <cstddef>
#include <cstdint>

namespace xdpcap::http {

// What one worker may spend on one message. Lengths in bytes.
struct Limits {
  std::uint64_t body_kept_max = std::uint64_t{1} << 20; // more is counted and hashed, but not kept
  std::size_t head_bytes_max = std::size_t{256} << 10;  // also of a trailer section
  std::size_t fields_max = 4096; // field lines listed; more are read, but not listed
  bool hash_bodies = false;      // SHA-256 of every whole body
};

} // namespace xdpcap::http
