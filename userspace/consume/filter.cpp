#include "consume/filter.hpp"

#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace xdpcap::consume {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

enum class Case { matters, ignored };

// * stands for any text, ? for one character where `one` says so, and nothing else is special:
// brackets are a part of IPv6 addresses. On a mismatch the last * takes one character more.
bool is_glob_of(std::string_view pattern, std::string_view text, Case letters, char one = '?') {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_end = 0;
  const auto same = [letters](char a, char b) {
    return a == b || (letters == Case::ignored && lower(a) == lower(b));
  };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = t;
    } else if (p < pattern.size() && (pattern[p] == one || same(pattern[p], text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool in_brackets =
      host.find(']', colon == std::string_view::npos ? 0 : colon) != std::string_view::npos;
  return colon == std::string_view::npos || in_brackets ? host : host.substr(0, colon);
}

bool host_matches(std::string_view pattern, std::string_view host) {
  return is_glob_of(pattern, host, Case::ignored) ||
         is_glob_of(pattern, without_port(host), Case::ignored);
}

// In a target ? begins the query: it stands for itself.
bool path_matches(std::string_view pattern, std::string_view target) {
  return pattern.find('*') != std::string_view::npos
             ? is_glob_of(pattern, target, Case::matters, '*')
             : target.find(pattern) != std::string_view::npos;
}

bool status_matches(const std::string& pattern, std::uint16_t status) {
  const std::string text = fmt::format("{:03}", status);
  return text.size() == 3 && std::equal(pattern.begin(), pattern.end(), text.begin(), text.end(),
                                        [](char wanted, char have) {
                                          return wanted == 'x' || wanted == 'X' || wanted == have;
                                        });
}

template <class Match>
bool any_of(const std::vector<std::string>& patterns, Match match) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), match);
}

} // namespace

bool Filter::matches(const ExchangeFacts& exchange) const {
  if (!exchange.has_request && !(hosts.empty() && methods.empty() && paths.empty())) return false;
  if (!exchange.has_response && !statuses.empty()) return false;
  if (min_latency_ns != 0 && exchange.latency_ns.value_or(0) < min_latency_ns) return false;
  const auto is_host = [&](const std::string& pattern) {
    return host_matches(pattern, exchange.host);
  };
  const auto is_method = [&](const std::string& method) {
    return method.size() == exchange.method.size() &&
           ::strncasecmp(method.data(), exchange.method.data(), method.size()) == 0;
  };
  const auto is_path = [&](const std::string& pattern) {
    return path_matches(pattern, exchange.target);
  };
  const auto is_status = [&](const std::string& pattern) {
    return status_matches(pattern, exchange.status);
  };
  return any_of(hosts, is_host) && any_of(methods, is_method) && any_of(paths, is_path) &&
         any_of(statuses, is_status);
}

bool is_status_pattern(std::string_view text) noexcept {
  const auto digit_or_x = [](char c) { return (c >= '0' && c <= '9') || c == 'x' || c == 'X'; };
  if (text.size() != 3 || !digit_or_x(text[1]) || !digit_or_x(text[2])) return false;
  // Servers send numbers above 599, but there is no class of them.
  const bool is_class = text.find_first_of("xX") != std::string_view::npos;
  return text[0] >= '1' && text[0] <= (is_class ? '5' : '9');
}

Result<std::uint64_t, Error> parse_duration_ns(std::string_view text) {
  struct Unit {
    std::string_view name;
    double ns;
  };
  static constexpr std::array<Unit, 5> kUnits{
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"", 1e6}}};
  const std::string number(text);
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  const std::string_view unit = end;
  const auto* const known = std::find_if(kUnits.begin(), kUnits.end(),
                                         [unit](const Unit& one) { return one.name == unit; });
  constexpr double kDay = 86'400e9;
  if (end == number.c_str() || known == kUnits.end() || !std::isfinite(value) || value < 0 ||
      value * known->ns > kDay) {
    return Error{ExitCode::usage,
                 fmt::format("'{}' is no duration; write 100ms, 2s or 300us", text)};
  }
  return static_cast<std::uint64_t>(value * known->ns);
}

} // namespace xdpcap::consume
