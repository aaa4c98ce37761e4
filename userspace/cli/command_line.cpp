#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "cli/wrong_use.hpp"
#include "core/check.hpp"

namespace xdpcap::cli {
namespace {

// Flags that only print something and end have no variable.
void name_environment(CLI::App& app) {
  constexpr std::array<std::string_view, 3> kPrinting{"help", "version", "man"};
  for (CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    std::string name = option->get_lnames().front();
    if (std::find(kPrinting.begin(), kPrinting.end(), name) != kPrinting.end()) continue;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return c == '-' ? '_' : static_cast<char>(std::toupper(c));
    });
    option->envname("XDPCAP_" + name);
  }
}

// A repeatable option takes one word: what follows is no further one.
void limit_to_one_word(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 1) option->allow_extra_args(false);
  }
}

bool is_option(const std::string& word) {
  return word.starts_with('-');
}

} // namespace

CommandLine::Option& CommandLine::Option::value_name(const std::string& name) {
  option_->type_name(name);
  return *this;
}

CommandLine::Option& CommandLine::Option::group(const std::string& name) {
  option_->group(name);
  return *this;
}

CommandLine::Option& CommandLine::Option::range(int least, int most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

CommandLine::Option& CommandLine::Option::range(double least, double most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

CommandLine::Option& CommandLine::Option::list() {
  option_->delimiter(',');
  return *this;
}

CommandLine::Option& CommandLine::Option::needs(const std::string& other) {
  option_->needs(app_->get_option(other));
  return *this;
}

CommandLine::Option& CommandLine::Option::excludes(const std::string& other) {
  option_->excludes(app_->get_option(other));
  return *this;
}

CommandLine::CommandLine(const std::string& program, const std::string& description, ManPage page)
    : app_(std::make_unique<CLI::App>(description, program)), page_(std::move(page)) {
  constexpr std::size_t kNameColumn = 36;
  app_->set_version_flag("--version", "xdpcap " XDPCAP_VERSION);
  app_->get_formatter()->column_width(kNameColumn);
  flag("--man", man_, fmt::format("print the manual page and end ({} --man | man -l -)", program));
}

CommandLine::~CommandLine() = default;

void CommandLine::group(const std::string& name) {
  app_->option_defaults()->group(name);
}

void CommandLine::footer(const std::string& text) {
  app_->footer(text);
}

void CommandLine::allow_file_and_environment() {
  environment_ = true;
  app_->set_config("--config", "", "read options from this TOML file; names as on the command line")
      ->type_name("FILE");
  app_->allow_config_extras(CLI::config_extras_mode::error);
}

CommandLine::Option CommandLine::option(const std::string& names, std::string& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names, std::vector<std::string>& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names, std::vector<std::uint16_t>& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names, int& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names, unsigned& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names, std::uint64_t& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names, double& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names, std::optional<std::string>& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names,
                                        std::optional<std::uint64_t>& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::option(const std::string& names,
                                        std::optional<std::int64_t>& value,
                                        const std::string& help) {
  return {*app_, app_->add_option(names, value, help)};
}

CommandLine::Option CommandLine::size(const std::string& names, std::uint64_t& value,
                                      const std::string& help) {
  CLI::Option* const added = app_->add_option(names, value, help);
  added->transform(CLI::AsSizeValue(false).description(""))->type_name("SIZE");
  return {*app_, added};
}

CommandLine::Option CommandLine::flag(const std::string& names, bool& value,
                                      const std::string& help) {
  return {*app_, app_->add_flag(names, value, help)};
}

CommandLine::Option CommandLine::choice_of(const std::string& names, std::vector<std::string> known,
                                           const std::string& help,
                                           std::function<void(std::size_t index)> set) {
  // The validator leaves the word as `known` has it.
  const auto look_up = [known](std::string& text) -> std::string {
    std::string lower = CLI::detail::to_lower(text);
    if (std::find(known.begin(), known.end(), lower) == known.end())
      return fmt::format("'{}' is none of {}{}", text, fmt::join(known, ", "),
                         did_you_mean(text, known));
    text = std::move(lower);
    return {};
  };
  CLI::Option* const added = app_->add_option_function<std::string>(
      names,
      [known, set = std::move(set)](const std::string& text) {
        const auto found = std::find(known.begin(), known.end(), text);
        XDPCAP_CHECK(found != known.end());
        set(static_cast<std::size_t>(found - known.begin()));
      },
      help);
  added->transform(CLI::Validator(look_up, ""))
      ->type_name(fmt::format("{}", fmt::join(known, "|")));
  return {*app_, added};
}

std::optional<std::variant<Shown, Error>> CommandLine::parse(int argc, const char* const* argv) {
  const auto usage = [](std::string message) { return Error{ExitCode::usage, std::move(message)}; };
  limit_to_one_word(*app_);
  if (environment_) name_environment(*app_);
  refuse_negative_numbers(*app_);
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Shown{app_->help()};
  } catch (const CLI::CallForVersion&) {
    return Shown{app_->version() + "\n"};
  } catch (const CLI::ExtrasError& error) {
    const std::vector<std::string> extra = app_->remaining();
    const bool are_words = !extra.empty() && std::none_of(extra.begin(), extra.end(), is_option);
    if (!are_words || stray_words_.empty()) return usage(complaint(*app_, error));
    return usage(fmt::format("'{}' stands alone; {}", fmt::join(extra, " "), stray_words_));
  } catch (const CLI::ParseError& error) {
    return usage(complaint(*app_, error));
  }
  if (man_) return Shown{man_page(*app_, page_)};
  return std::nullopt;
}

} // namespace xdpcap::cli
