#include "apps/xdpcap_web/map/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace xdpcap::web {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Process process(const std::string& name, const std::string& command, std::uint32_t pid = 812) {
  return {{.pid = pid, .name = name, .command = command}, "web1"};
}

std::string type_of(const std::string& text, const Process& one) {
  auto rules = Rules::parse(text, "rules.yaml");
  EXPECT_TRUE(rules) << rules.error().message;
  if (!rules) return "no rules";
  const NodeLook* look = rules->look_of(one);
  return look == nullptr ? "none" : look->type;
}
std::string error_of(const std::string& text) {
  auto rules = Rules::parse(text, "rules.yaml");
  if (rules) return "no error";
  EXPECT_EQ(rules.error().code, ExitCode::usage);
  return rules.error().message;
}

constexpr const char* kContract = R"(
rules:                             # YAML or JSON
  - match_name: nginx              # exact; "*part*" is a substring; /regex/i a regular expression
    type: server
    label: the shop
    icon: "🛒"
  - match_cmd: /gunicorn .*orders/i
    type: service
  - match_pid: 1
    type: system
)";

TEST(Rules, TheExampleOfTheContractIsRead) {
  auto rules = Rules::parse(kContract, "rules.yaml");
  ASSERT_TRUE(rules) << rules.error().message;
  const NodeLook* look = rules->look_of(process("nginx", "nginx: worker"));
  ASSERT_NE(look, nullptr);
  EXPECT_EQ(look->type, "server");
  EXPECT_EQ(look->label, "the shop");
  EXPECT_EQ(look->icon, "🛒");
  EXPECT_EQ(type_of(kContract, process("python3", "/usr/bin/Gunicorn --name orders")), "service");
  EXPECT_EQ(type_of(kContract, process("systemd", "/sbin/init", 1)), "system");
  EXPECT_EQ(type_of(kContract, process("nginx2", "", 11)), "none");
}

TEST(Rules, JsonIsReadAsWell) {
  const char* json = R"({"rules":[{"match_name":"*gin*","match_pid":812,"type":"a"},)"
                     R"({"match_cmd":"/\\d+ \"/","type":"b"}]})";
  EXPECT_EQ(type_of(json, process("nginx", "")), "a");
  EXPECT_EQ(type_of(json, process("nginx", "", 3)), "none") << "all matches of a rule have to hold";
  EXPECT_EQ(type_of(json, process("x", "run 12 \"q\"")), "b");
}

TEST(Rules, TheFirstThatMatchesWins) {
  const char* text = "rules: [{match_name: a, type: one}, {match_name: '*a*', type: two}]";
  EXPECT_EQ(type_of(text, process("a", "")), "one");
  EXPECT_EQ(type_of(text, process("ba", "")), "two");
}

TEST(Rules, APathIsNoExpression) {
  EXPECT_EQ(type_of("rules: [{match_cmd: /usr/bin/app, type: x}]", process("app", "/usr/bin/app")),
            "x");
  EXPECT_EQ(
      type_of("rules: [{match_cmd: /usr/bin/app, type: x}]", process("app", "/usr/bin/apple")),
      "none");
}

TEST(Rules, ExpressionsTakeLinearTimeOnHostileCommands) {
  EXPECT_EQ(type_of("rules: [{match_cmd: '/(a+)+b$/', type: x}]",
                    process("a", std::string(100'000, 'a'))),
            "none");
}

TEST(Rules, BytesThatAreNoTextAreCompared) {
  EXPECT_EQ(type_of("rules: [{match_cmd: '/b$/', type: x}]", process("a", "caf\xe9 b")), "x");
}

TEST(Rules, AFileWithoutRulesIsFine) {
  EXPECT_EQ(type_of("rules:\n", process("a", "")), "none");
  EXPECT_EQ(type_of("rules: []", process("a", "")), "none");
}

TEST(Rules, ErrorsNameFileLineAndCure) {
  EXPECT_THAT(
      error_of("rules:\n  - match_nam: x\n"),
      AllOf(StartsWith("rules: rules.yaml:2: there is no 'match_nam'"), HasSubstr("match_name")));
  EXPECT_THAT(error_of("rules:\n  - match_name: x\n  - type: y\n"),
              AllOf(StartsWith("rules: rules.yaml:3:"), HasSubstr("give match_pid")));
  EXPECT_THAT(error_of("rules:\n  - match_cmd: /(/\n"),
              AllOf(StartsWith("rules: rules.yaml:2: match_cmd '/(/'"), HasSubstr("missing )")));
  EXPECT_THAT(error_of("rules:\n\n  - match_name: [a]\n"),
              StartsWith("rules: rules.yaml:3: 'match_name' has to be one"));
  EXPECT_THAT(error_of("rules: x"), HasSubstr("has to be a list"));
  EXPECT_THAT(error_of("- match_name: x"), HasSubstr("one list named 'rules'"));
  EXPECT_THAT(error_of(""), HasSubstr("one list named 'rules'"));
  EXPECT_THAT(error_of("rules:\n  - match_name: ''\n"), HasSubstr("is empty"));
  EXPECT_THAT(error_of("rules:\n  - {match_name: a\n"), HasSubstr("neither YAML nor JSON"));
  EXPECT_THAT(error_of("rules:\n  - match_name: \"\\q\"\n"),
              StartsWith("rules: rules.yaml:2: this is neither"));
  EXPECT_THAT(error_of(std::string(5000, '[')), HasSubstr("neither YAML nor JSON"));
}

TEST(Rules, AFileThatCannotBeReadIsSaid) {
  auto rules = Rules::load((std::filesystem::temp_directory_path() / "no such rules").string());
  ASSERT_FALSE(rules);
  EXPECT_THAT(rules.error().message, HasSubstr("No such file"));
}

} // namespace
} // namespace xdpcap::web
