#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/xdpcap_web/api/api.hpp"

namespace xdpcap::web {

// Something that is wrong now.
struct Problem {
  std::string name; // a count of `stats` (health_..., ..._dropped), or one of this gateway's own
  std::string sensor, interface; // empty: of none in particular
  std::uint64_t value = 0;
  std::string message; // a sentence for a person
};

// Whether what is shown is all there was to see.
struct Health {
  enum class Status { ok, degraded, stale };
  Status status = Status::ok; // stale: no capture speaks
  std::string reason;         // of the status, in a sentence; empty: all is well
  std::size_t sensors = 0, alive = 0;
  std::vector<Problem> problems;
};

std::string_view name_of(Health::Status status) noexcept;
// What schemas/README.md says of a count; of one that came later, its name in words.
std::string health_message(std::string_view name);

// Locks the model for as long as figures are copied. Any thread.
Health health_of(const Api::Parts& parts);
void append_health(std::string& out, const Health& health);

} // namespace xdpcap::web
