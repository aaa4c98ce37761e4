#include "apps/xdpcap_web/query.hpp"

#include <algorithm>
#include <string_view>

#include "publish/batch_view.hpp"

namespace xdpcap::web {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool half_contains(const Half& half, std::string_view part) {
  return half && (contains(publish::text_of(half->head()), part) || contains(publish::text_of(half->body()), part));
}

} // namespace

bool is_process(const ProcessPointer& process, std::string_view name_or_pid) {
  return process != nullptr && (process->name == name_or_pid || std::to_string(process->pid) == name_or_pid);
}

bool Query::matches(const Exchange& exchange, const Ends& ends) const {
  if (connection && *connection != exchange.id.connection) return false;
  if (exchange.first_ns() < from_ns || exchange.first_ns() > to_ns) return false;
  // `none` stands beside statuses as one more of them.
  if (without_response && exchange.response && filter.statuses.empty()) return false;
  if (without_response && !exchange.response) {
    consume::Filter others = filter;
    others.statuses.clear();
    if (!others.matches(exchange.facts())) return false;
  } else if (!filter.matches(exchange.facts())) {
    return false;
  }
  if (!process.empty() && !is_process(ends.client, process) && !is_process(ends.server, process)) return false;
  return text.empty() || half_contains(exchange.request, text) || half_contains(exchange.response, text);
}

} // namespace xdpcap::web
