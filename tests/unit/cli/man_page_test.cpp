#include <gmock/gmock.h>

#include <array>

#include "cli/command_line.hpp"

namespace xdpcap::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ManPages : public ::testing::Test {
 protected:
  std::string page() {
    const std::array<const char*, 2> words{"xdpcap-thing", "--man"};
    auto ended = line_.parse(words.size(), words.data());
    return ended && std::holds_alternative<Shown>(*ended) ? std::get<Shown>(*ended).text : "";
  }
  CommandLine line_{"xdpcap-thing", "Does things.", {.see_also = {"tcpdump(8)"}}};
  std::vector<std::string> texts_;
  std::uint64_t size_ = 0;
  unsigned number_ = 0;
  bool flag_ = false;
};

TEST_F(ManPages, HasItsSectionsInTheUsualOrder) {
  line_.flag("--flag", flag_, "a flag");
  line_.allow_file_and_environment();
  const std::string text = page();
  std::size_t at = 0;
  for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                              "ENVIRONMENT", "EXAMPLES", "SEE ALSO"}) {
    at = text.find(std::string("\n.SH ") + section + "\n", at);
    ASSERT_NE(at, std::string::npos) << section;
  }
}

TEST_F(ManPages, NamesAnOptionWithItsValue) {
  line_.option("-i,--interface", texts_, "capture here").value_name("IF[:QUEUES]");
  line_.option("--workers", number_, "threads");
  line_.flag("-q,--quiet", flag_, "say less");
  EXPECT_THAT(
      page(),
      HasSubstr(
          ".TP\n\\fB\\-i\\fR \\fIIF[:QUEUES]\\fR, \\fB\\-\\-interface\\fR=\\fIIF[:QUEUES]\\fR\n"
          "capture here.\n"));
  EXPECT_THAT(page(), HasSubstr(".TP\n\\fB\\-\\-workers\\fR=\\fIN\\fR\nthreads.\n"));
  EXPECT_THAT(page(), HasSubstr(".TP\n\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\nsay less.\n"));
}

TEST_F(ManPages, SaysWhatValuesAreAllowedAndWhatGoesTogether) {
  line_.flag("--other", flag_, "another");
  line_.option("--clients", number_, "clients").range(1, 65'536).excludes("--other");
  line_.size("--size", size_, "bytes").needs("--other");
  EXPECT_THAT(page(),
              HasSubstr("=\\fIN\\fR\nclients; from 1 to 65536; excludes \\fB\\-\\-other\\fR.\n"));
  EXPECT_THAT(page(),
              HasSubstr("\\fB\\-\\-size\\fR=\\fISIZE\\fR\nbytes; needs \\fB\\-\\-other\\fR.\n"));
}

TEST_F(ManPages, GroupsOptionsAsHelpDoesAndLeavesHiddenOnesOut) {
  line_.flag("--shown", flag_, "shown").group("Filters");
  line_.flag("--hidden", flag_, "hidden").group("");
  EXPECT_THAT(page(), HasSubstr("\n.SS Filters\n.TP\n\\fB\\-\\-shown\\fR\n"));
  EXPECT_THAT(page(), Not(HasSubstr("hidden")));
}

TEST_F(ManPages, TextIsNoRequestOfRoff) {
  const std::array<const char*, 2> words{"thing", "--man"};
  CommandLine line("thing", "",
                   {.description = ".so /etc/passwd\n\n'quoted' \\fBbold ~ ^ `\n.PP",
                    .see_also = {"tcpdump(8)"}});
  EXPECT_THAT(
      std::get<Shown>(*line.parse(words.size(), words.data())).text,
      HasSubstr(
          "\n\\&.so /etc/passwd\n.PP\n\\(aqquoted\\(aq \\efBbold \\(ti \\(ha \\(ga\n\\&.PP\n"));
}

TEST_F(ManPages, OptionsHaveVariablesAndFlagsThatOnlyPrintHaveNone) {
  line_.option("--max-body", number_, "bytes");
  line_.allow_file_and_environment();
  EXPECT_THAT(page(), HasSubstr("such as \\fBXDPCAP_MAX_BODY\\fR for \\fB\\-\\-max\\-body\\fR."));
  ::setenv("XDPCAP_MAN", "true", 1);
  ::setenv("XDPCAP_MAX_BODY", "7", 1);
  CommandLine line("xdpcap-thing", "", {});
  line.option("--max-body", number_, "bytes");
  line.allow_file_and_environment();
  const std::array<const char*, 1> words{"xdpcap-thing"};
  EXPECT_FALSE(line.parse(words.size(), words.data()).has_value()) << "it would be --man";
  EXPECT_EQ(number_, 7U);
  ::unsetenv("XDPCAP_MAN");
  ::unsetenv("XDPCAP_MAX_BODY");
}

TEST_F(ManPages, AProgramWithoutVariablesHasNoSectionForThem) {
  EXPECT_THAT(page(), Not(HasSubstr("ENVIRONMENT")));
}

} // namespace
} // namespace xdpcap::cli
