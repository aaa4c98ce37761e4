#include "transport/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "publish/publisher.hpp"
#include "transport/curve.hpp"

namespace xdpcap::publish::test {
namespace {

using ::testing::HasSubstr;

class EndpointTest : public ::testing::Test {
 protected:
  EndpointTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "endpoint.XXXXXX").string();
    base_ = ::mkdtemp(pattern.data());
  }
  ~EndpointTest() override { std::filesystem::remove_all(base_); }

  std::string ipc(const std::string& name) { return "ipc://" + (base_ / name).string(); }
  static Result<std::unique_ptr<Publisher>, Error> open(const std::string& pub,
                                                        bool insecure = false) {
    PublisherOptions options;
    options.pub = {pub};
    options.insecure = insecure;
    return Publisher::open(std::move(options));
  }
  static std::string refusal(const Result<std::unique_ptr<Publisher>, Error>& publisher) {
    return publisher ? "not refused" : publisher.error().message;
  }

  std::filesystem::path base_;
};

TEST_F(EndpointTest, TextThatIsNoEndpointIsRefusedWithAnExample) {
  for (const char* text :
       {"", "5560", "udp://1.2.3.4:5", "ipc://relative", "ipc://@abstract", "tcp://nowhere",
        "tcp://:1", "tcp://h:99999", "tcp://h:x", "tcp://::1:5560"}) {
    const auto endpoint = transport::parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().code, ExitCode::usage);
    EXPECT_THAT(endpoint.error().message, HasSubstr("://"));
  }
  EXPECT_FALSE(transport::parse_endpoint("ipc:///" + std::string(120, 'x')));
}

TEST_F(EndpointTest, LoopbackIsLocalAndNothingElseIs) {
  for (const char* text : {"tcp://127.0.0.1:1", "tcp://127.8.9.10:1", "tcp://[::1]:1",
                           "tcp://localhost:1", "tcp://lo:1"}) {
    EXPECT_TRUE(transport::parse_endpoint(text).value().is_local()) << text;
  }
  for (const char* text : {"tcp://*:1", "tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://10.0.0.1:1",
                           "tcp://127.evil.example:1"}) {
    EXPECT_FALSE(transport::parse_endpoint(text).value().is_local()) << text;
  }
}

TEST_F(EndpointTest, BeyondLoopbackNeedsCurveOrAnExplicitWord) {
  EXPECT_THAT(refusal(open("tcp://0.0.0.0:*")), HasSubstr("--insecure"));
  EXPECT_TRUE(open("tcp://0.0.0.0:*", true));
}

TEST_F(EndpointTest, TheDirectoryAndSocketAreForOwnerAndGroupOnlyAndGoneAtTheEnd) {
  {
    const auto publisher = open(ipc("run/pub.sock"));
    ASSERT_TRUE(publisher) << publisher.error().message;
    struct stat status {};
    ASSERT_EQ(::stat((base_ / "run").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777u, 0750u);
    ASSERT_EQ(::stat((base_ / "run/pub.sock").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0660u);
  }
  EXPECT_FALSE(std::filesystem::exists(base_ / "run"));
}

TEST_F(EndpointTest, ASecondInstanceIsRefusedAndTheFirstKeepsItsSocket) {
  const auto first = open(ipc("run/pub.sock"));
  ASSERT_TRUE(first);
  const auto second = open(ipc("run/pub.sock"));
  EXPECT_THAT(refusal(second), HasSubstr("in use by a running process"));
  EXPECT_EQ(second.error().code, ExitCode::output);
  EXPECT_TRUE(std::filesystem::exists(base_ / "run/pub.sock"));
}

TEST_F(EndpointTest, ASocketLeftBehindByAKilledProcessIsReplaced) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto publisher = open(ipc("run/pub.sock"));
    ::_exit(publisher ? 0 : 1); // no destructor: as after kill -9
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(std::filesystem::exists(base_ / "run/pub.sock"));
  const auto publisher = open(ipc("run/pub.sock"));
  EXPECT_TRUE(publisher) << publisher.error().message;
}

TEST_F(EndpointTest, AFileInTheWayIsNotRemoved) {
  std::ofstream(base_ / "pub.sock") << "precious";
  EXPECT_THAT(refusal(open(ipc("pub.sock"))), HasSubstr("is not a socket"));
  EXPECT_TRUE(std::filesystem::exists(base_ / "pub.sock"));
}

TEST_F(EndpointTest, ADirectoryAnybodyCanWriteIsRefused) {
  ASSERT_EQ(::chmod(base_.c_str(), 0777), 0);
  EXPECT_THAT(refusal(open(ipc("pub.sock"))), HasSubstr("writable by everybody"));
}

TEST_F(EndpointTest, AMissingParentIsNamed) {
  EXPECT_THAT(refusal(open(ipc("no/such/pub.sock"))), HasSubstr("cannot create the directory"));
}

TEST_F(EndpointTest, AnAddressInUseIsNamedWithItsCure) {
  const auto first = open("tcp://127.0.0.1:*");
  ASSERT_TRUE(first);
  const std::string bound = first.value()->endpoints().at(0);
  const auto second = open(bound);
  EXPECT_THAT(refusal(second), HasSubstr(bound));
  EXPECT_THAT(refusal(second), HasSubstr("in use"));
  EXPECT_EQ(second.error().code, ExitCode::output);
}

TEST_F(EndpointTest, KeysAreMadeOnceReadBackAndKeptFromOthers) {
  const std::string name = (base_ / "server").string();
  ASSERT_TRUE(transport::generate_keys(name));
  EXPECT_FALSE(transport::generate_keys(name)) << "never written over";
  EXPECT_EQ(transport::read_key(name + ".secret", true).value().size(), 40u);
  EXPECT_TRUE(transport::make_client(name + ".public", ""));
  ASSERT_EQ(::chmod((name + ".secret").c_str(), 0644), 0);
  EXPECT_THAT(transport::read_key(name + ".secret", true).error().message,
              HasSubstr("can be read by others"));
  std::ofstream(base_ / "junk") << "# comment\nnot a key\n";
  EXPECT_THAT(transport::read_keys((base_ / "junk").string()).error().message, HasSubstr("no key"));
}

} // namespace
} // namespace xdpcap::publish::test
