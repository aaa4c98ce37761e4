#include "cli/man_page.hpp"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

#include "cli/environment.hpp"

namespace xdpcap::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ManPages : public ::testing::Test {
 protected:
  std::string page(const ManPage& contents = {.see_also = {"tcpdump(8)"}}) {
    return man_page(app_, contents);
  }
  CLI::App app_{"Does things.", "xdpcap-thing"};
  std::vector<std::string> texts_;
  unsigned number_ = 0;
  bool flag_ = false;
};

TEST_F(ManPages, HasItsSectionsInTheUsualOrder) {
  app_.add_flag("--flag", flag_, "a flag");
  name_environment(app_);
  const std::string text = page();
  std::size_t at = 0;
  for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                              "ENVIRONMENT", "EXAMPLES", "SEE ALSO"}) {
    at = text.find(std::string("\n.SH ") + section + "\n", at);
    ASSERT_NE(at, std::string::npos) << section;
  }
}

TEST_F(ManPages, NamesAnOptionWithItsValue) {
  app_.add_option("-i,--interface", texts_, "capture here")->type_name("IF[:QUEUES]");
  app_.add_option("--workers", number_, "threads");
  app_.add_flag("-q,--quiet", flag_, "say less");
  EXPECT_THAT(
      page(),
      HasSubstr(
          ".TP\n\\fB\\-i\\fR \\fIIF[:QUEUES]\\fR, \\fB\\-\\-interface\\fR=\\fIIF[:QUEUES]\\fR\n"
          "capture here.\n"));
  EXPECT_THAT(page(), HasSubstr(".TP\n\\fB\\-\\-workers\\fR=\\fIN\\fR\nthreads.\n"));
  EXPECT_THAT(page(), HasSubstr(".TP\n\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\nsay less.\n"));
}

TEST_F(ManPages, SaysWhatValuesAreAllowedAndWhatGoesTogether) {
  CLI::Option* other = app_.add_flag("--other", flag_, "another");
  app_.add_option("--clients", number_, "clients")->check(CLI::Range(1, 65'536))->excludes(other);
  app_.add_option("--size", number_, "bytes")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->needs(other);
  EXPECT_THAT(page(),
              HasSubstr("=\\fIN\\fR\nclients; from 1 to 65536; excludes \\fB\\-\\-other\\fR.\n"));
  EXPECT_THAT(page(),
              HasSubstr("\\fB\\-\\-size\\fR=\\fISIZE\\fR\nbytes; needs \\fB\\-\\-other\\fR.\n"));
}

TEST_F(ManPages, GroupsOptionsAsHelpDoesAndLeavesHiddenOnesOut) {
  app_.add_flag("--shown", flag_, "shown")->group("Filters");
  app_.add_flag("--hidden", flag_, "hidden")->group("");
  EXPECT_THAT(page(), HasSubstr("\n.SS Filters\n.TP\n\\fB\\-\\-shown\\fR\n"));
  EXPECT_THAT(page(), Not(HasSubstr("hidden")));
}

TEST_F(ManPages, TextIsNoRequestOfRoff) {
  const std::string text = page({.description = ".so /etc/passwd\n\n'quoted' \\fBbold ~ ^ `\n.PP",
                                 .see_also = {"tcpdump(8)"}});
  EXPECT_THAT(
      text,
      HasSubstr(
          "\n\\&.so /etc/passwd\n.PP\n\\(aqquoted\\(aq \\efBbold \\(ti \\(ha \\(ga\n\\&.PP\n"));
}

TEST_F(ManPages, OptionsHaveVariablesAndFlagsThatOnlyPrintHaveNone) {
  app_.set_version_flag("--version", "1");
  app_.add_option("--max-body", number_, "bytes");
  app_.add_flag("--man", flag_, "this page");
  name_environment(app_);
  EXPECT_THAT(page(), HasSubstr("such as \\fBXDPCAP_MAX_BODY\\fR for \\fB\\-\\-max\\-body\\fR."));
  EXPECT_EQ(app_.get_option("--version")->get_envname(), "");
  EXPECT_EQ(app_.get_option("--man")->get_envname(), "");
}

TEST_F(ManPages, AProgramWithoutVariablesHasNoSectionForThem) {
  EXPECT_THAT(page(), Not(HasSubstr("ENVIRONMENT")));
}

} // namespace
} // namespace xdpcap::cli
