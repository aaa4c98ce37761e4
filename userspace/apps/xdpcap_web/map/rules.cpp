#include "apps/xdpcap_web/map/rules.hpp"

#include <fmt/core.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace xdpcap::web {
namespace {

constexpr std::size_t kFileMax = 1 << 20, kRulesMax = 1000, kTextMax = 200, kPatternMax = 1000;

// What follows the name of the file: errors of the file all look alike.
Error wrong(std::string_view file, int line, const std::string& what) {
  return {ExitCode::usage, fmt::format("rules: {}:{}: {}", file, line, what)};
}

int line_of(const YAML::Mark& mark) noexcept {
  return mark.is_null() ? 1 : mark.line + 1;
}

} // namespace

Result<TextPattern, std::string> TextPattern::parse(const std::string& text) {
  TextPattern pattern;
  if (text.empty()) return std::string("is empty; leave it out to match everything");
  if (text.size() > kPatternMax) return fmt::format("is longer than {} bytes", kPatternMax);
  const bool any_case = text.ends_with("/i");
  if (text.size() >= 2 && text.front() == '/' && (any_case || text.back() == '/')) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!any_case);
    options.set_max_mem(1 << 20);
    const std::size_t end = text.size() - (any_case ? 2 : 1);
    const auto expression =
        std::make_shared<const RE2>(text.substr(1, end - std::min<std::size_t>(end, 1)), options);
    if (!expression->ok())
      return fmt::format("is no regular expression that RE2 knows: {}", expression->error());
    pattern.expression_ = expression;
    return pattern;
  }
  pattern.part_ = text.size() > 2 && text.front() == '*' && text.back() == '*';
  pattern.text_ = pattern.part_ ? text.substr(1, text.size() - 2) : text;
  return pattern;
}

bool TextPattern::matches(std::string_view text) const {
  if (expression_ != nullptr)
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
  return part_ ? text.find(text_) != std::string_view::npos : text == text_;
}

// One file being read.
class Rules::Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<Rules, Error> read(const YAML::Node& root) {
    if (!root.IsMap() || !root["rules"] || root.size() != 1)
      return wrong(file_, line_of(root.Mark()),
                   "it has to hold one list named 'rules' and nothing else");
    const YAML::Node list = root["rules"];
    Rules rules;
    if (list.IsNull()) return rules;
    if (!list.IsSequence())
      return wrong(file_, line_of(list.Mark()),
                   "'rules' has to be a list; write '- match_name: nginx'");
    if (list.size() > kRulesMax)
      return wrong(file_, line_of(list.Mark()), fmt::format("more than {} rules", kRulesMax));
    for (const YAML::Node& node : list) {
      Rule rule;
      if (const auto error = read(node, rule)) return *error;
      rules.rules_.push_back(std::move(rule));
    }
    return rules;
  }

 private:
  std::optional<Error> read(const YAML::Node& node, Rule& rule) {
    if (!node.IsMap())
      return wrong(file_, line_of(node.Mark()),
                   "a rule has to be a map such as 'match_name: nginx'");
    for (const auto& member : node) {
      if (auto error = read(member.first, member.second, rule)) return error;
    }
    if (!rule.pid && !rule.name && !rule.command)
      return wrong(file_, line_of(node.Mark()),
                   "this rule matches nothing: give match_pid, match_name or match_cmd");
    return std::nullopt;
  }

  std::optional<Error> read(const YAML::Node& key, const YAML::Node& value, Rule& rule) {
    const std::string name = key.IsScalar() ? key.Scalar() : "";
    if (!value.IsScalar())
      return wrong(file_, line_of(key.Mark()), fmt::format("'{}' has to be one text", name));
    const std::string& text = value.Scalar();
    std::optional<TextPattern>* pattern = name == "match_pid"    ? &rule.pid
                                          : name == "match_name" ? &rule.name
                                          : name == "match_cmd"  ? &rule.command
                                                                 : nullptr;
    if (pattern != nullptr) {
      auto parsed = TextPattern::parse(text);
      if (!parsed)
        return wrong(file_, line_of(value.Mark()),
                     fmt::format("{} '{}' {}", name, text, parsed.error()));
      *pattern = *std::move(parsed);
      return std::nullopt;
    }
    std::string* shown = name == "type"    ? &rule.look.type
                         : name == "label" ? &rule.look.label
                         : name == "icon"  ? &rule.look.icon
                                           : nullptr;
    if (shown == nullptr)
      return wrong(
          file_, line_of(key.Mark()),
          fmt::format(
              "there is no '{}'; a rule has match_pid, match_name, match_cmd, type, label, icon",
              name));
    if (text.size() > kTextMax)
      return wrong(file_, line_of(value.Mark()),
                   fmt::format("'{}' is longer than {} bytes", name, kTextMax));
    *shown = text;
    return std::nullopt;
  }

  std::string_view file_;
};

Result<Rules, Error> Rules::parse(const std::string& text, std::string_view file) {
  try {
    return Reader(file).read(YAML::Load(text));
  } catch (const YAML::Exception& error) { // the library's own way to say that it is no YAML
    return wrong(file, line_of(error.mark),
                 fmt::format("this is neither YAML nor JSON: {}", error.msg));
  }
}

Result<Rules, Error> Rules::load(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream || !text)
    return Error{ExitCode::usage,
                 fmt::format("rules: cannot read {}: {}", file, std::strerror(errno))};
  if (text.tellp() > static_cast<std::streamoff>(kFileMax))
    return Error{ExitCode::usage, fmt::format("rules: {} is longer than {} bytes", file, kFileMax)};
  return parse(text.str(), file);
}

const NodeLook* Rules::look_of(const Process& process) const {
  const auto holds = [](const std::optional<TextPattern>& pattern, std::string_view text) {
    return !pattern || pattern->matches(text);
  };
  for (const Rule& rule : rules_) {
    if (holds(rule.pid, std::to_string(process.pid)) && holds(rule.name, process.name) &&
        holds(rule.command, process.command))
      return &rule.look;
  }
  return nullptr;
}

} // namespace xdpcap::web
