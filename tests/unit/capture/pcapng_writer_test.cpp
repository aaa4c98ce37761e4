#include "capture/file/pcapng_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "pcap_files.hpp"

namespace xdpcap::test {
namespace {

using capture::PcapngWriter;
using capture::PcapSource;
using capture::WrittenInterface;
using testing::HasSubstr;

const std::vector<WrittenInterface> two_interfaces = {{"eth7", wire::LinkType::ethernet, 0},
                                                      {"tun0", wire::LinkType::raw_ip, 65535}};

Packet numbered(std::uint32_t i) {
  const Packet link = i % 2 == 0 ? eth() : raw().on_interface(1);
  return link.ipv4("10.0.0.1", "10.0.0.2")
      .tcp(1, 2)
      .seq(i)
      .payload(std::string(i % 100, 'x'))
      .at(instant_from_ns(1'700'000'000'123'456'789 + i))
      .cut(90);
}

TEST(PcapngWriter, WritesWhatIsReadBack) {
  constexpr std::uint32_t count = 30'000; // more than the buffer holds
  const TemporaryFile file;
  Result<PcapngWriter, Error> writer = PcapngWriter::open(file.path(), two_interfaces);
  ASSERT_TRUE(writer.ok());
  for (std::uint32_t i = 0; i < count; ++i) {
    const Packet packet = numbered(i);
    ASSERT_TRUE(writer->write(packet.frame()));
  }
  ASSERT_TRUE(writer->close().ok());

  Result<PcapSource, Error> source = PcapSource::open(file.path());
  ASSERT_TRUE(source.ok());
  const std::vector<Kept> kept = drain(*source);
  EXPECT_FALSE(source->trouble().has_value());
  ASSERT_EQ(kept.size(), count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Packet packet = numbered(i);
    const wire::Frame frame = packet.frame();
    ASSERT_EQ(kept[i], (Kept{std::string(as_text(frame.bytes)), frame.wire_length,
                             ns_since_1970(frame.arrived), frame.link, frame.interface}));
  }
  ASSERT_EQ(source->interfaces().size(), 2U);
  EXPECT_EQ(source->interfaces()[0].name, "eth7");
  EXPECT_EQ(source->interfaces()[1].name, "tun0");
  EXPECT_EQ(source->interfaces()[1].snap_length, 65535U);
}

TEST(PcapngWriter, FlushedFramesAreInTheFileBeforeItIsClosed) {
  const TemporaryFile file;
  Result<PcapngWriter, Error> writer = PcapngWriter::open(file.path(), two_interfaces);
  ASSERT_TRUE(writer.ok());
  const Packet packet = numbered(0);
  ASSERT_TRUE(writer->write(packet.frame()));
  ASSERT_TRUE(writer->flush().ok());
  Result<PcapSource, Error> source = PcapSource::open(file.path());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(drain(*source).size(), 1U);
}

TEST(PcapngWriter, WritesWhatIsBufferedWhenItGoes) {
  const TemporaryFile file;
  const Packet packet = numbered(0);
  {
    Result<PcapngWriter, Error> writer = PcapngWriter::open(file.path(), two_interfaces);
    ASSERT_TRUE(writer.ok());
    PcapngWriter moved = std::move(writer).value();
    ASSERT_TRUE(moved.write(packet.frame()));
  }
  Result<PcapSource, Error> source = PcapSource::open(file.path());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(drain(*source).size(), 1U);
}

TEST(PcapngWriter, FramesOfStrangersAreRefused) {
  const TemporaryFile file;
  Result<PcapngWriter, Error> writer = PcapngWriter::open(file.path(), two_interfaces);
  ASSERT_TRUE(writer.ok());
  const Packet stranger = eth().on_interface(2), other_link = eth().on_interface(1);
  EXPECT_FALSE(writer->write(stranger.frame()));
  EXPECT_FALSE(writer->write(other_link.frame()));
  const Buffer huge(std::size_t{3} << 20);
  wire::Frame too_large;
  too_large.bytes = huge;
  EXPECT_FALSE(writer->write(too_large));
  EXPECT_TRUE(writer->close().ok()) << "which is no trouble of the disk";
}

TEST(PcapngWriter, MakesAFileThatOthersCannotRead) {
  const TemporaryFile file;
  ::unlink(file.path().c_str());
  ASSERT_TRUE(PcapngWriter::open(file.path(), two_interfaces).ok());
  struct stat status = {};
  ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(PcapngWriter, SaysAtOnceThatTheDiskIsFull) {
  const Result<PcapngWriter, Error> writer = PcapngWriter::open("/dev/full", two_interfaces);
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().code, ExitCode::output);
  EXPECT_THAT(writer.error().message, HasSubstr("disk is full"));
}

// A limit on the size of files, which stands in for a disk that fills up.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit lower = before_;
    lower.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &lower);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_ = {};
  void (*handler_)(int) = SIG_DFL;
};

TEST(PcapngWriter, SaysAtTheEndThatItCouldNotGoOn) {
  const TemporaryFile file;
  Result<PcapngWriter, Error> writer = PcapngWriter::open(file.path(), two_interfaces);
  ASSERT_TRUE(writer.ok());
  const FileSizeLimit limit(100'000);
  const Packet packet = numbered(0);
  const wire::Frame frame = packet.frame();
  std::size_t taken = 0;
  while (taken < 100'000 && writer->write(frame)) ++taken;
  EXPECT_LT(taken, 100'000U) << "the failure shows when the buffer is written";
  EXPECT_FALSE(writer->write(frame)) << "and nothing is taken any more";
  const Result<void, Error> closed = writer->close();
  ASSERT_FALSE(closed.ok());
  EXPECT_EQ(closed.error().code, ExitCode::output);
  EXPECT_THAT(closed.error().message, HasSubstr(file.path()));
}

TEST(PcapngWriter, TakesNothingOnceItIsClosed) {
  const TemporaryFile file;
  Result<PcapngWriter, Error> writer = PcapngWriter::open(file.path(), two_interfaces);
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_TRUE(writer->close().ok()) << "closing twice does no harm";
  const Packet packet = numbered(0);
  EXPECT_FALSE(writer->write(packet.frame()));
}

TEST(PcapngWriter, SaysWhyAFileCannotBeCreated) {
  const Result<PcapngWriter, Error> nowhere =
      PcapngWriter::open("/nonexistent/x.pcapng", two_interfaces);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ExitCode::output);
  EXPECT_THAT(nowhere.error().message, HasSubstr("directory does not exist"));
}

} // namespace
} // namespace xdpcap::test
