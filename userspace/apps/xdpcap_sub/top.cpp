#include "apps/xdpcap_sub/top.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace xdpcap::sub {
namespace {

// The figures of a row, in this order. A narrow terminal shows those that fit beside an address.
struct Column {
  const char* title;
  std::size_t width;
  std::size_t columns_min; // of the terminal
};
constexpr std::array<Column, 7> kFigures{{{"requests", 8, 0},
                                          {"4xx", 6, 60},
                                          {"5xx", 6, 60},
                                          {"silent", 7, 90},
                                          {"p50", 9, 0},
                                          {"p99", 9, 45},
                                          {"body", 8, 75}}};

bool is_shown(const Column& column, const Terminal& terminal) noexcept {
  return terminal.columns == 0 || terminal.columns >= column.columns_min;
}

// Two blanks and the address follow.
std::size_t width_before_address(const Terminal& terminal) noexcept {
  std::size_t width = 2;
  for (const Column& column : kFigures) width += is_shown(column, terminal) ? column.width : 0;
  return width;
}

std::string line_of(const Terminal& terminal,
                    const std::array<std::string, kFigures.size()>& figures,
                    const std::string& address) {
  std::string line;
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    if (is_shown(kFigures[i], terminal))
      line += fmt::format("{:>{}}", figures[i], kFigures[i].width);
  }
  return line + "  " + address;
}

} // namespace

void LatencyHistogram::add(std::uint64_t ns) {
  const auto power = static_cast<unsigned>(std::bit_width(ns | 1U)) - 1;
  const std::uint64_t step =
      power >= kStepBits ? ns >> (power - kStepBits) : ns << (kStepBits - power);
  if (!powers_[power]) powers_[power] = std::make_unique<Power>();
  ++(*powers_[power])[step & (kSteps - 1)];
  ++count_;
  least_ = std::min(least_, ns);
  most_ = std::max(most_, ns);
}

std::uint64_t LatencyHistogram::quantile(double fraction) const noexcept {
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (unsigned power = 0; power < powers_.size() && count_ != 0; ++power) {
    for (unsigned step = 0; step < kSteps && powers_[power]; ++step) {
      seen += (*powers_[power])[step];
      if (seen < std::max<std::uint64_t>(rank, 1)) continue;
      const double begin =
          std::ldexp(static_cast<double>(kSteps + step), static_cast<int>(power) - int{kStepBits});
      const double middle = begin * (1 + 0.5 / (kSteps + step));
      // 2^64 has no place in the type.
      const auto value = middle >= 0x1p64 ? UINT64_MAX : static_cast<std::uint64_t>(middle);
      return std::clamp(value, least_, most_);
    }
  }
  return 0;
}

void Top::add(const Exchange& exchange) {
  if (!exchange.request || exchange.interim()) return;
  const Seen& request = *exchange.request;
  std::string name = (request.host.empty() ? request.server : request.host) +
                     request.target.substr(0, request.target.find('?'));
  if (places_.size() >= kPlacesMax && !places_.contains(name)) name = "(others)";
  Place& place = places_[name];
  ++place.requests;
  if (!exchange.response) {
    ++place.unanswered;
    return;
  }
  place.client_errors += exchange.response->status / 100 == 4 ? 1U : 0U;
  place.server_errors += exchange.response->status / 100 == 5 ? 1U : 0U;
  place.bytes += exchange.response->body_length;
  place.latencies.add(*exchange.latency_ns());
}

std::string Top::table(const Terminal& terminal, std::size_t rows) const {
  std::vector<const std::pair<const std::string, Place>*> order;
  for (const auto& place : places_) order.push_back(&place);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->second.requests != b->second.requests ? a->second.requests > b->second.requests
                                                    : a->first < b->first;
  });
  // Of the lines, one is the heading, and where not all have room one says so.
  std::size_t left_out = 0;
  if (rows != 0 && order.size() + 1 > rows) {
    left_out = order.size() - std::min(order.size(), rows > 3 ? rows - 2 : 1);
    order.resize(order.size() - left_out);
  }

  const std::size_t before = width_before_address(terminal);
  std::vector<std::string> addresses;
  addresses.reserve(order.size());
  for (const auto* place : order) addresses.push_back(printable(place->first));
  addresses = cut_where_equal(
      addresses,
      terminal.columns == 0 ? 0 : std::max<std::size_t>(terminal.columns, before + 1) - before);

  std::array<std::string, kFigures.size()> titles;
  for (std::size_t i = 0; i < titles.size(); ++i) titles[i] = kFigures[i].title;
  std::string out = line_of(terminal, titles, "address") + '\n';
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Place& p = order[i]->second;
    const auto time = [&p](double fraction) {
      return p.latencies.count() == 0 ? "-" : duration_text(p.latencies.quantile(fraction));
    };
    std::string line = line_of(terminal,
                               {std::to_string(p.requests), std::to_string(p.client_errors),
                                std::to_string(p.server_errors), std::to_string(p.unanswered),
                                time(0.5), time(0.99), size_text(p.bytes)},
                               addresses[i]);
    if (terminal.colour && p.server_errors != 0) line = fmt::format("\x1b[31m{}\x1b[0m", line);
    out += line + '\n';
  }
  if (left_out != 0) out += fmt::format("and {} more\n", left_out);
  return out;
}

} // namespace xdpcap::sub
