#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace xdpcap::cli {

// "; did you mean NAME?" with the name that was probably meant (letters left out, doubled, swapped
// or wrong), or nothing. Long words are never near.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& known);

// Options that want a number refuse negative ones with a sentence. Once all options are declared.
void refuse_negative_numbers(CLI::App& app);

// What was wrong with the command line, as a sentence: an unknown option with the one that was
// probably meant.
std::string complaint(const CLI::App& app, const CLI::ParseError& error);

} // namespace xdpcap::cli
