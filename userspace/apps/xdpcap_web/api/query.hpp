#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/xdpcap_web/host/process.hpp"
#include "apps/xdpcap_web/store/exchange.hpp"
#include "consume/filter.hpp"

namespace xdpcap::web {

// Which exchanges are wanted (README.md, "Exchanges"). All conditions must hold.
struct Query {
  consume::Filter filter;
  bool without_response = false; // status=none
  std::string text;
  std::string process; // name or pid of either end
  std::string sensor;  // that saw it
  std::optional<ConnectionId> connection;
  std::uint64_t from_ns = 0, to_ns = UINT64_MAX; // when it began

  [[nodiscard]] bool matches(const Exchange& exchange, const Ends& ends) const;
};

// Whether `part` stands in `text`, ASCII case aside. Linear in both.
bool contains(std::string_view text, std::string_view part);

// Whether that is its name or its pid.
bool is_process(const ProcessPointer& process, std::string_view name_or_pid);

} // namespace xdpcap::web
