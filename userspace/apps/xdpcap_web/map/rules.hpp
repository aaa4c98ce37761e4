#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/xdpcap_web/host/process.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace re2 {
class RE2;
}

namespace xdpcap::web {

// What the map shows for a process besides its own name; empty: nothing given.
struct NodeLook {
  std::string type, label, icon;
};

// A text to compare with: exact, *part*, or /regular expression/ with i behind it for case aside.
// Expressions are RE2's: they take linear time whatever the command line of a captured host looks
// like.
class TextPattern {
 public:
  // An error is the rest of a sentence that begins with the pattern.
  static Result<TextPattern, std::string> parse(const std::string& text);
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  std::string text_;
  bool part_ = false;
  std::shared_ptr<const re2::RE2> expression_; // shared: patterns are copied with their rules
};

// The rules file of the map (README.md, "The map"): YAML, or JSON, which YAML reads as well. The
// first rule all of whose matches hold gives the look. Immutable once made.
class Rules {
 public:
  Rules() = default;
  static Result<Rules, Error> load(const std::string& file);
  // `file` is what errors call it.
  static Result<Rules, Error> parse(const std::string& text, std::string_view file);

  // Nothing where no rule matches.
  [[nodiscard]] const NodeLook* look_of(const Process& process) const;
  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }

 private:
  struct Rule {
    std::optional<TextPattern> pid, name, command;
    NodeLook look;
  };
  class Reader;
  std::vector<Rule> rules_;
};

} // namespace xdpcap::web
