#include "cli/wrong_use.hpp"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace xdpcap::cli {
namespace {

TEST(WrongUse, TheNearestNameIsOffered) {
  const std::vector<std::string> known{"--interface", "--port", "--memory-limit", "--json"};
  for (const auto& [typed, meant] :
       std::vector<std::pair<std::string, std::string>>{{"--interfaec", "--interface"},
                                                        {"--ifce", "--interface"},
                                                        {"--prot", "--port"},
                                                        {"--memorylimit", "--memory-limit"},
                                                        {"-json", "--json"},
                                                        {"--jsom", "--json"},
                                                        {"--memory_limit", "--memory-limit"}}) {
    EXPECT_EQ(did_you_mean(typed, known), "; did you mean " + meant + "?") << typed;
  }
  for (const std::string& typed :
       {std::string("--verbose"), std::string("-x"), std::string("--"), std::string(),
        std::string(1 << 20, 'p'), "--port" + std::string(100, 't')}) {
    EXPECT_EQ(did_you_mean(typed, known), "") << typed.size();
  }
}

// What a command line is answered.
std::string answer_to(const std::vector<std::string>& words) {
  CLI::App app("", "tool");
  unsigned count = 0;
  std::uint64_t size = 0;
  double seconds = 0;
  std::string text;
  app.add_option("--count,-c", count);
  app.add_option("--size", size)->transform(CLI::AsSizeValue(false))->type_name("SIZE");
  app.add_option("--wait", seconds)->type_name("SECONDS");
  app.add_option("--text", text);
  refuse_negative_numbers(app);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return complaint(app, error);
  }
  return "";
}

TEST(WrongUse, AnUnknownOptionIsNamed) {
  EXPECT_EQ(answer_to({"--cuont", "1"}),
            "unknown option --cuont; did you mean --count? (tool --help lists the options)");
  EXPECT_EQ(answer_to({"--sise=1"}),
            "unknown option --sise; did you mean --size? (tool --help lists the options)");
  EXPECT_EQ(answer_to({"--elephant"}), "unknown option --elephant (tool --help lists the options)");
}

TEST(WrongUse, NegativeNumbersAreRefused) {
  for (const std::string option : {"--size", "--count", "--wait"}) {
    EXPECT_EQ(answer_to({option + "=-1"}),
              option + ": -1 is negative; give a number from 0 (tool --help lists the options)");
    EXPECT_EQ(answer_to({option + "=1"}), "");
  }
  EXPECT_EQ(answer_to({"--size=2K"}), "");
  EXPECT_NE(answer_to({"--size", "-1"}), "");
  EXPECT_EQ(answer_to({"--text=-1"}), "") << "no number";
}

} // namespace
} // namespace xdpcap::cli
