#include "cli/wrong_use.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "cli/command_line.hpp"

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

enum class Colour { red, green };

// What a command line is answered.
std::string answer_to(const std::vector<std::string>& words,
                      std::optional<Colour>* colour = nullptr) {
  CommandLine line("tool", "", {});
  unsigned count = 0;
  std::uint64_t size = 0;
  double seconds = 0;
  std::string text;
  std::vector<std::string> texts;
  Colour chosen = Colour::red;
  line.option("--count,-c", count, "");
  line.size("--size", size, "");
  line.option("--wait", seconds, "").value_name("SECONDS");
  line.option("--text", text, "");
  line.option("--texts", texts, "");
  line.choice<Colour>("--colour", chosen, {{"red", Colour::red}, {"green", Colour::green}}, "");
  line.stray_words("use --text");
  std::vector<const char*> given{"tool"};
  for (const std::string& word : words) given.push_back(word.c_str());
  const auto ended = line.parse(static_cast<int>(given.size()), given.data());
  if (colour != nullptr) *colour = chosen;
  if (!ended) return "";
  const auto* error = std::get_if<Error>(&*ended);
  return error == nullptr ? "shown" : error->message;
}

TEST(WrongUse, AWordThatIsNoneOfAListIsNamedWithThoseThatAre) {
  std::optional<Colour> colour;
  EXPECT_EQ(answer_to({"--colour", "Green"}, &colour), "");
  EXPECT_EQ(colour, Colour::green);
  EXPECT_EQ(answer_to({"--colour", "gren"}),
            "--colour: 'gren' is none of red, green; did you mean green? "
            "(tool --help lists the options)");
}

TEST(WrongUse, AWordThatStandsAloneIsAnsweredWithTheCure) {
  EXPECT_EQ(answer_to({"port", "80"}), "'port 80' stands alone; use --text");
  EXPECT_EQ(answer_to({"--texts", "one", "two"}), "'two' stands alone; use --text");
  EXPECT_EQ(answer_to({"--help"}), "shown");
  EXPECT_EQ(answer_to({"--version"}), "shown");
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
