#include "cli/man_page.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

namespace xdpcap::cli {
namespace {

// Text as roff shows it: a hyphen stays one that can be copied, and no line is a request.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '.' && (out.empty() || out.back() == '\n')) out += "\\&";
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '"':
        out += "\\(dq";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string paragraphs(std::string_view text) {
  std::string out = escaped(text);
  for (std::size_t at = 0; (at = out.find("\n\n", at)) != std::string::npos; at += 4)
    out.replace(at, 2, "\n.PP\n");
  return out + "\n";
}

std::string bold(std::string_view text) {
  return "\\fB" + escaped(text) + "\\fR";
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string_view meaning(ExitCode code) {
  switch (code) {
    case ExitCode::ok:
      return "Success.";
    case ExitCode::usage:
      return "An option or the configuration is wrong.";
    case ExitCode::environment:
      return "The system refuses: interface, driver, kernel or address.";
    case ExitCode::privilege:
      return "A privilege is missing; the message names it.";
    case ExitCode::input:
      return "The input cannot be read.";
    case ExitCode::output:
      return "Output failed.";
  }
  return {};
}

// What a validator adds to the type of an option, such as ":INT in [1 - 9]".
std::vector<std::string> validators(const CLI::Option& option) {
  std::vector<std::string> found;
  try {
    // const in all but name; there is no other way to ask how many there are.
    for (int index = 0;; ++index)
      found.push_back(const_cast<CLI::Option&>(option).get_validator(index)->get_description());
  } catch (const CLI::OptionNotFound&) {
  }
  return found;
}

std::string type_name(const CLI::Option& option) {
  std::string name = option.get_type_name();
  for (const std::string& validator : validators(option)) {
    const std::string suffix = ":" + validator;
    if (const auto at = name.find(suffix); !validator.empty() && at != std::string::npos)
      name.erase(at, suffix.size());
  }
  return name == "UINT" || name == "INT" ? "N" : name;
}

std::string names(const CLI::Option& option) {
  const bool has_value = option.get_items_expected_max() != 0;
  const std::string value = has_value ? "\\fI" + escaped(type_name(option)) + "\\fR" : "";
  std::vector<std::string> out;
  for (const std::string& name : option.get_snames())
    out.push_back(bold("-" + name) + (has_value ? " " + value : ""));
  for (const std::string& name : option.get_lnames())
    out.push_back(bold("--" + name) + (has_value ? "=" + value : ""));
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string list_of(const std::set<CLI::Option*>& options) {
  std::vector<std::string> out;
  out.reserve(options.size());
  for (const CLI::Option* option : options) out.push_back(bold(option->get_name()));
  std::sort(out.begin(), out.end());
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string description(const CLI::Option& option) {
  std::string out = escaped(option.get_description());
  for (const std::string& validator : validators(option)) {
    const auto open = validator.find('['), dash = validator.find(" - ");
    if (validator.find(" in [") == std::string::npos || dash == std::string::npos) continue;
    out += fmt::format("; from {} to {}", validator.substr(open + 1, dash - open - 1),
                       validator.substr(dash + 3, validator.find(']') - dash - 3));
  }
  if (!option.get_needs().empty()) out += "; needs " + list_of(option.get_needs());
  if (!option.get_excludes().empty()) out += "; excludes " + list_of(option.get_excludes());
  return out + ".";
}

void add_options(std::string& out, const CLI::App& app) {
  out += ".SH OPTIONS\n";
  for (const std::string& group : app.get_groups()) {
    if (group.empty()) continue;
    out += fmt::format(".SS {}\n", escaped(group));
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group() != group || !option->nonpositional()) continue;
      out += fmt::format(".TP\n{}\n{}\n", names(*option), description(*option));
    }
  }
}

void add_entry(std::string& out, std::string_view name, std::string_view meaning) {
  out += fmt::format(".TP\n{}\n{}\n", bold(name), escaped(meaning));
}

// An option whose variable shows how all of them are named: one of two words, if there is one.
const CLI::Option* example_of_variable(const CLI::App& app) {
  const CLI::Option* found = nullptr;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_envname().empty()) continue;
    if (option->get_lnames().front().find('-') != std::string::npos) return option;
    if (found == nullptr) found = option;
  }
  return found;
}

void add_environment(std::string& out, const CLI::App& app, const ManPage& page) {
  const CLI::Option* example = example_of_variable(app);
  if (example == nullptr && page.environment.empty()) return;
  out += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : page.environment) add_entry(out, name, meaning);
  if (example == nullptr) return;
  out += fmt::format(
      ".TP\n{}\nEvery long option has a variable, such as {} for {}. It counts where neither the "
      "command line nor a "
      "configuration file gives the option.\n",
      bold("XDPCAP_*"), bold(example->get_envname()), bold("--" + example->get_lnames().front()));
}

} // namespace

std::string man_page(const CLI::App& app, const ManPage& page) {
  const std::string& program = app.get_name();
  std::string out = fmt::format(
      ".\\\" Made by {0} --man from its table of options.\n"
      ".TH {1} 1 \"\" \"{2}\" \"User Commands\"\n"
      ".nh\n.ad l\n"
      ".SH NAME\n{3} \\- {4}\n.SH SYNOPSIS\n{5} [\\fIOPTION\\fR]...\n.SH DESCRIPTION\n",
      program, escaped(upper(program)), escaped(app.version()), escaped(program),
      escaped(page.brief), bold(program));
  out += paragraphs(page.description);
  add_options(out, app);
  out += ".SH EXIT STATUS\n";
  for (const ExitCode code : page.exit_codes)
    add_entry(out, std::to_string(static_cast<int>(code)), meaning(code));
  add_environment(out, app, page);
  out += ".SH EXAMPLES\n";
  for (const auto& [command, meaning] : page.examples) {
    out +=
        fmt::format(".PP\n{}\n.PP\n.RS 4\n.EX\n{}\n.EE\n.RE\n", escaped(meaning), escaped(command));
  }
  out += ".SH SEE ALSO\n";
  std::vector<std::string> others;
  for (const std::string_view other : page.see_also) {
    const auto open = other.find('(');
    others.push_back(bold(other.substr(0, open)) + std::string(other.substr(open)));
  }
  return out + fmt::format("{}\n", fmt::join(others, ",\n"));
}

} // namespace xdpcap::cli
