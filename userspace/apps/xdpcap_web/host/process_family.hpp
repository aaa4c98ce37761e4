#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "apps/xdpcap_web/host/process.hpp"

namespace xdpcap::web {

// What commands of one purpose have in common: "curl -s http://shop/item/17" and ".../18" are both
// "curl -s http://shop". Of a URL scheme and host stay, of an option its name, runs of digits
// become #.
std::string command_pattern(std::string_view command);

// Which processes the map may draw as one: those of one sensor, name and command pattern. Names
// whose commands have more than kPatternsMax patterns have one family for all further ones, so that
// families cannot be flooded.
struct Family {
  std::string sensor, name, pattern; // pattern *: any
  friend auto operator<=>(const Family&, const Family&) = default;
};
class Families {
 public:
  Family of(const Process& process);

 private:
  static constexpr std::size_t kPatternsMax = 16, kNamesMax = 1024;
  std::map<std::pair<std::string, std::string>, std::set<std::string>>
      patterns_; // by sensor and name
};

} // namespace xdpcap::web
