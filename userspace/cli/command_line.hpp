#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/man_page.hpp"
#include "core/error.hpp"

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace xdpcap::cli {

// The text of --help, --version or --man, to be printed before exiting with success.
struct Shown {
  std::string text;
};

// The options of a program, what they are parsed into, and --help, --version and --man. One thread.
//
// CLI11 does the work. It is included by the sources of this folder only, as it takes long to
// compile.
class CommandLine {
 public:
  // An option that was declared, to say more about it.
  class Option {
   public:
    // What its value is called in --help.
    Option& value_name(const std::string& name);
    Option& group(const std::string& name);
    Option& range(int least, int most);
    Option& range(double least, double most);
    Option& list(); // one word may hold several values, with ',' between
    // Another option, by its long name.
    Option& needs(const std::string& other);
    Option& excludes(const std::string& other);

   private:
    friend class CommandLine;
    Option(CLI::App& app, CLI::Option* option) : app_(&app), option_(option) {}
    CLI::App* app_;
    CLI::Option* option_;
  };

  // `description` heads --help, `page` is --man; options are added to both.
  CommandLine(const std::string& program, const std::string& description, ManPage page);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  // Options that are declared from here on stand under this heading.
  void group(const std::string& name);
  // What stands below the options in --help.
  void footer(const std::string& text);
  // Words that belong to no option are refused with this cure.
  void stray_words(std::string cure) { stray_words_ = std::move(cure); }
  // Options may also stand in the file of --config (TOML) and in the environment: --max-body is
  // XDPCAP_MAX_BODY. The command line wins over the file, and the file over the environment.
  void allow_file_and_environment();

  // `names` as "-i,--interface". `value` is written by parse() where the option is given, and lives
  // until then. An option that fills a vector is repeatable.
  Option option(const std::string& names, std::string& value, const std::string& help);
  Option option(const std::string& names, std::vector<std::string>& value, const std::string& help);
  Option option(const std::string& names, std::vector<std::uint16_t>& value,
                const std::string& help);
  Option option(const std::string& names, int& value, const std::string& help);
  Option option(const std::string& names, unsigned& value, const std::string& help);
  Option option(const std::string& names, std::uint64_t& value, const std::string& help);
  Option option(const std::string& names, double& value, const std::string& help);
  Option option(const std::string& names, std::optional<std::string>& value,
                const std::string& help);
  Option option(const std::string& names, std::optional<std::uint64_t>& value,
                const std::string& help);
  Option option(const std::string& names, std::optional<std::int64_t>& value,
                const std::string& help);
  // In bytes, or with a unit: 64K, 1M, 2GiB (powers of 1024).
  Option size(const std::string& names, std::uint64_t& value, const std::string& help);
  // "!--no-x" makes the value false.
  Option flag(const std::string& names, bool& value, const std::string& help);
  // One of these words, in upper or lower case. Its value is called WORD|WORD.
  template <class Value>
  Option choice(const std::string& names, Value& value,
                const std::vector<std::pair<std::string, Value>>& words, const std::string& help) {
    std::vector<std::string> known;
    std::vector<Value> values;
    for (const auto& [word, each] : words) {
      known.push_back(word);
      values.push_back(each);
    }
    return choice_of(names, std::move(known), help,
                     [&value, values](std::size_t index) { value = values[index]; });
  }

  // Once all options are declared. Nothing: go on. An error says what is wrong in a sentence, and
  // of an unknown option which one was probably meant.
  std::optional<std::variant<Shown, Error>> parse(int argc, const char* const* argv);
  // The same as an answer of the program's own parse_options().
  template <class Options>
  std::optional<std::variant<Options, Shown, Error>> parse(int argc, const char* const* argv) {
    auto ended = parse(argc, argv);
    if (!ended) return std::nullopt;
    return std::visit([](auto& end) { return std::variant<Options, Shown, Error>(std::move(end)); },
                      *ended);
  }

 private:
  Option choice_of(const std::string& names, std::vector<std::string> known,
                   const std::string& help, std::function<void(std::size_t index)> set);

  std::unique_ptr<CLI::App> app_;
  ManPage page_;
  std::string stray_words_;
  bool man_ = false, environment_ = false;
};

} // namespace xdpcap::cli
