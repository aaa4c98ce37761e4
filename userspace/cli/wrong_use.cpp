#include "cli/wrong_use.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>

namespace xdpcap::cli {
namespace {

constexpr std::size_t kLongest = 40;
// Names of types that are numbers: the library's, and ours.
constexpr std::array<std::string_view, 8> kNumbers{"UINT", "INT",     "FLOAT",   "SIZE",
                                                   "N",    "SECONDS", "MINUTES", "COUNT"};

// Insertions, deletions, substitutions and swaps of neighbours that make one of the other (optimal
// string alignment).
std::size_t distance(std::string_view from, std::string_view to) {
  using Row = std::array<std::size_t, kLongest + 1>;
  Row before_last{}, last{}, row{};
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[to.size()];
}

// Whether all letters are there, in this order, from the first on: --ifce for --interface.
bool abbreviates(std::string_view typed, std::string_view name) {
  if (typed.size() < 3 || name.empty() || typed.front() != name.front()) return false;
  std::size_t at = 0;
  for (const char c : name) {
    if (at < typed.size() && typed[at] == c) ++at;
  }
  return at == typed.size();
}

std::string_view without_dashes(std::string_view word) {
  return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

bool wants_number(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return std::any_of(kNumbers.begin(), kNumbers.end(), [&type](std::string_view number) {
    return type.starts_with(number) &&
           (type.size() == number.size() ||
            !std::isalpha(static_cast<unsigned char>(type[number.size()])));
  });
}

} // namespace

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& known) {
  const std::string_view word = without_dashes(typed);
  std::string_view nearest;
  std::size_t least = kLongest;
  for (const std::string& name : known) {
    const std::string_view plain = without_dashes(name);
    if (word.empty() || word.size() > kLongest || plain.size() > kLongest) continue;
    const std::size_t apart = distance(word, plain);
    const bool is_near = apart <= std::max<std::size_t>(1, word.size() / 3) && apart < word.size();
    if ((is_near || abbreviates(word, plain)) && apart < least) {
      nearest = name;
      least = apart;
    }
  }
  return nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest);
}

void refuse_negative_numbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (!wants_number(*option)) continue;
    // The last transformation that is declared is the first that is asked.
    option->transform(CLI::Validator(
        [](std::string& text) {
          const bool is_negative =
              text.size() > 1 && text[0] == '-' &&
              (text[1] == '.' || std::isdigit(static_cast<unsigned char>(text[1])) != 0);
          return is_negative ? fmt::format("{} is negative; give a number from 0", text)
                             : std::string();
        },
        ""));
  }
}

std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const std::string help = fmt::format("({} --help lists the options)", app.get_name());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const std::string& extra : app.remaining()) {
      const std::string option = extra.substr(0, extra.find('='));
      if (option.size() > 1 && option.front() == '-')
        return fmt::format("unknown option {}{} {}", option, did_you_mean(option, names_of(app)),
                           help);
    }
  }
  return fmt::format("{} {}", error.what(), help);
}

} // namespace xdpcap::cli
