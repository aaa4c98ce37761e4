#include "apps/xdpcap_web/api/query.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool half_contains(const Half& half, std::string_view part) {
  return half && (contains(codec::text_of(half->head()), part) ||
                  contains(codec::text_of(half->body()), part));
}

} // namespace

// memmem() of glibc is linear for what is as short as a parameter; it knows no case, so both are
// made lower case.
bool contains(std::string_view text, std::string_view part) {
  constexpr std::size_t kPiece = std::size_t{64} << 10;
  if (part.empty()) return true;
  std::string wanted(part);
  std::transform(wanted.begin(), wanted.end(), wanted.begin(), lower);
  std::string piece;
  for (std::size_t at = 0; at + wanted.size() <= text.size(); at += kPiece) {
    // Pieces overlap by what is wanted, less a byte.
    const std::string_view part_of_text = text.substr(at, kPiece + wanted.size() - 1);
    piece.resize(part_of_text.size());
    std::transform(part_of_text.begin(), part_of_text.end(), piece.begin(), lower);
    if (::memmem(piece.data(), piece.size(), wanted.data(), wanted.size()) != nullptr) return true;
  }
  return false;
}

bool is_process(const ProcessPointer& process, std::string_view name_or_pid) {
  return process != nullptr &&
         (process->name == name_or_pid || std::to_string(process->pid) == name_or_pid);
}

bool Query::matches(const Exchange& exchange, const Ends& ends) const {
  if (connection && *connection != exchange.id.connection) return false;
  if (!sensor.empty() && (exchange.sensor == nullptr || *exchange.sensor != sensor)) return false;
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
  if (!process.empty() && !is_process(ends.client, process) && !is_process(ends.server, process))
    return false;
  return text.empty() || half_contains(exchange.request, text) ||
         half_contains(exchange.response, text);
}

} // namespace xdpcap::web
