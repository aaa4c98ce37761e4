#pragma once

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "capture/afxdp/xdp_program.hpp"
#include "capture/tap/tap_program.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {

// The kernel runs the program once on these bytes; answers what it returned.
// It makes a whole packet of them, and refuses what cannot be one.
inline std::uint32_t run_once(int program_fd, const Buffer& bytes) {
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = bytes.data();
  run.data_size_in = static_cast<std::uint32_t>(bytes.size());
  run.repeat = 1;
  if (const int error = ::bpf_prog_test_run_opts(program_fd, &run); error != 0) {
    throw std::runtime_error("BPF_PROG_TEST_RUN refuses " + std::to_string(bytes.size()) +
                             " bytes: error " + std::to_string(error));
  }
  return run.retval;
}

// Both programs with the same filter, and the name of the one verdict a packet
// got. A packet that is selected ends without a socket in one and without a tap
// in the other, as there is neither: both are called "selected" here.
class Programs {
 public:
  explicit Programs(const wire::Filter& filter = {}, bool tunnels = true, bool udp = false)
      : xdp_(capture::XdpProgram::load({.interface = 7, .tunnels = tunnels, .udp = udp}, filter)
                 .value()),
        tap_(capture::TapProgram::load(
                 {.tap_index = kNoSuchDevice, .queues = 4, .tunnels = tunnels, .udp = udp}, filter)
                 .value()) {}

  // Runs a packet through both, which must agree.
  std::string verdict(const Packet& packet) { return verdict(packet.bytes()); }
  std::string verdict(const Buffer& bytes) {
    const std::string xdp = xdp_verdict(bytes), tap = tap_verdict(bytes);
    return xdp == tap ? xdp : "XDP says " + xdp + ", tc says " + tap;
  }

  std::string xdp_verdict(const Buffer& bytes) {
    const capture::XdpCounts before = xdp_.counts().at(0);
    if (run_once(xdp_.program_fd(), bytes) != XDP_PASS) return "not passed on";
    const capture::XdpCounts after = xdp_.counts().at(0);
    std::string name;
    const auto look = [&name](const char* verdict, std::uint64_t difference) {
      for (std::uint64_t i = 0; i < difference; ++i) name += verdict;
    };
    look("not IP", after.not_ip - before.not_ip);
    look("not TCP", after.not_tcp - before.not_tcp);
    look("malformed", after.malformed - before.malformed);
    look("filtered", after.filtered - before.filtered);
    look("selected", after.no_socket - before.no_socket);
    look("redirected", after.redirected - before.redirected);
    return after.seen == before.seen + 1 ? name : "not counted once";
  }

  std::string tap_verdict(const Buffer& bytes) {
    const capture::TapCounts before = tap_.counts();
    if (run_once(tap_.program_fd(), bytes) != kTcxNext) return "not passed on";
    const capture::TapCounts after = tap_.counts();
    std::string name;
    const auto look = [&name](const char* verdict, std::uint64_t difference) {
      for (std::uint64_t i = 0; i < difference; ++i) name += verdict;
    };
    look("not IP", after.not_ip - before.not_ip);
    look("not TCP", after.not_tcp - before.not_tcp);
    look("malformed", after.malformed - before.malformed);
    look("filtered", after.filtered - before.filtered);
    look("selected", after.clone_errors - before.clone_errors);
    look("cloned", after.cloned - before.cloned);
    return after.seen == before.seen + 1 ? name : "not counted once";
  }

 private:
  static constexpr unsigned kNoSuchDevice = 0x7fffffff;
  static constexpr std::uint32_t kTcxNext = UINT32_MAX;

  capture::XdpProgram xdp_;
  capture::TapProgram tap_;
};

// Without root the kernel loads no program: said once, as a failure, not skipped.
class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0U)
        << "these tests load BPF programs, which needs root: sudo ctest -L bpf";
  }
};

} // namespace xdpcap::test
