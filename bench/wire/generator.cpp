// wire-generator: HTTP conversations over TCP, made in the kernel and put on an
// interface as fast as asked for. Its peer's driver must take XDP frames: a veth
// whose other end has an XDP program does.
//
//   wire-generator INTERFACE --rate 1000000 --frames 2000000     a million frames a second, exactly
//   two million wire-generator INTERFACE --seconds 2                         as many as there is
//   time for wire-generator --pcap FILE --frames 1000                     the same frames into a
//   file; nothing is sent
//
// Prints what it made as one JSON object.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <net/if.h>
#include <sys/time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#define PCAP_DONT_INCLUDE_PCAP_BPF_H // <linux/bpf.h> has the same names with other meanings
#include <pcap/dlt.h>
#include <pcap/pcap.h>

#include "bench/wire/template.hpp"
#include "generator.skel.h"

namespace xdpcap::bench {
namespace {

constexpr std::uint32_t kLiveFrames = 1U << 1; // BPF_F_TEST_XDP_LIVE_FRAMES, kernel 5.18
constexpr std::uint32_t kBatchMax =
    128; // half a veth's ring, which the batch before may not have left yet

// The handshake and two exchanges of each flow: what is committed as it is first touched.
constexpr std::uint32_t kRampSteps = 7;

volatile std::sig_atomic_t ended = 0;

struct Options {
  std::string interface, pcap;
  std::uint64_t frames = 0;
  double rate = 0, seconds = 0;
  std::uint32_t flows = 4096, request = 300, response = 500, exchanges = 100, batch = 32;
  double slack_us = 200;
};

// CLOCK_MONOTONIC is also the clock of the BPF program.
std::uint64_t now_ns(clockid_t clock = CLOCK_MONOTONIC) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error < 0 ? -error : error, std::generic_category(), what);
}

// The loaded program, and what it starts from.
class Generator {
 public:
  explicit Generator(const Options& options)
      : options_(options),
        template_(make_template(options.request, options.response)),
        program_(generator_bpf__open()) {
    if (program_ == nullptr) fail(errno, "the BPF program cannot be opened");
    wire_config config{};
    config.request = template_.request;
    config.response = template_.response;
    config.flows = options.flows;
    config.exchanges = options.exchanges;
    config.batch = options.batch;
    if (options.rate > 0) config.ramp = kRampSteps * options.flows;
    if (options.rate > 0)
      config.interval_ns = static_cast<std::uint64_t>(1e9 * options.batch / options.rate);
    config.slack_ns = static_cast<std::uint64_t>(options.slack_us * 1000);
    std::memcpy(const_cast<wire_config*>(&program_->rodata->config), &config, sizeof config);
    if (const int error = generator_bpf__load(program_); error != 0)
      fail(error, "the BPF program cannot be loaded");
  }
  ~Generator() { generator_bpf__destroy(program_); }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  void aim(const std::string& interface) {
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) fail(errno, interface);
    const std::uint32_t zero = 0;
    const int map = ::bpf_map__fd(program_->maps.wire);
    if (const int error = ::bpf_map_update_elem(map, &zero, &index, BPF_ANY); error != 0)
      fail(error, "devmap");
  }

  // Sends frames until there were so many or a signal comes. In one call: the
  // kernel takes tens of milliseconds to set up and take down the pages of each.
  void send(std::uint64_t frames) {
    program_->bss->due_ns = now_ns();
    while (ended == 0 && counts().frames < frames) {
      bpf_test_run_opts run = options_of_run();
      run.repeat = static_cast<int>(std::min<std::uint64_t>(frames - counts().frames, INT_MAX));
      run.flags = kLiveFrames;
      run.batch_size = options_.batch;
      const int error =
          ::bpf_prog_test_run_opts(::bpf_program__fd(program_->progs.make_frame), &run);
      if (error != 0 && error != -EINTR)
        fail(error, "the kernel runs no live frames (Linux 5.18 does)");
    }
  }

  // The next frame, as it would be sent.
  std::vector<std::byte> make() {
    std::vector<std::byte> frame(template_.bytes.size());
    bpf_test_run_opts run = options_of_run();
    run.repeat = 1;
    run.data_out = frame.data();
    run.data_size_out = static_cast<std::uint32_t>(frame.size());
    const int error = ::bpf_prog_test_run_opts(::bpf_program__fd(program_->progs.make_frame), &run);
    if (error != 0) fail(error, "the kernel does not run the program");
    frame.resize(run.data_size_out);
    return frame;
  }

  [[nodiscard]] wire_counts counts() const {
    wire_counts now{};
    std::memcpy(&now, &program_->bss->counts, sizeof now);
    return now;
  }

 private:
  bpf_test_run_opts options_of_run() {
    bpf_test_run_opts run{};
    run.sz = sizeof run;
    run.data_in = template_.bytes.data();
    run.data_size_in = static_cast<std::uint32_t>(template_.bytes.size());
    return run;
  }

  Options options_;
  Template template_;
  generator_bpf* program_;
};

void write_pcap(Generator& generator, const Options& options) {
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> link(::pcap_open_dead(DLT_EN10MB, 65535),
                                                        ::pcap_close);
  const std::unique_ptr<pcap_dumper_t, void (*)(pcap_dumper_t*)> file(
      ::pcap_dump_open(link.get(), options.pcap.c_str()), ::pcap_dump_close);
  if (!file) throw std::runtime_error(::pcap_geterr(link.get()));
  for (std::uint64_t i = 0; i < options.frames && ended == 0; ++i) {
    const std::vector<std::byte> frame = generator.make();
    pcap_pkthdr header{};
    header.ts.tv_sec = static_cast<time_t>(i / 1'000'000);
    header.ts.tv_usec = static_cast<suseconds_t>(i % 1'000'000);
    header.len = header.caplen = static_cast<bpf_u_int32>(frame.size());
    ::pcap_dump(reinterpret_cast<u_char*>(file.get()), &header,
                reinterpret_cast<const u_char*>(frame.data()));
  }
}

// SIGALRM interrupts the kernel's run after so long.
void end_after(double seconds) {
  const double whole = std::floor(seconds);
  const itimerval timer{
      {0, 0}, {static_cast<time_t>(whole), static_cast<suseconds_t>((seconds - whole) * 1e6)}};
  if (::setitimer(ITIMER_REAL, &timer, nullptr) != 0) fail(errno, "timer");
}

void generate(const Options& options) {
  Generator generator(options);
  const std::uint64_t used_before_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  if (!options.pcap.empty()) {
    write_pcap(generator, options);
  } else {
    generator.aim(options.interface);
    if (options.seconds > 0) end_after(options.seconds);
    generator.send(options.frames != 0 ? options.frames : UINT64_MAX);
  }
  // With the softirqs that ran on top: the receiving half of the veth, the XDP program there, and
  // the copy.
  const double cpu_seconds =
      static_cast<double>(now_ns(CLOCK_PROCESS_CPUTIME_ID) - used_before_ns) / 1e9;
  const wire_counts made = generator.counts();
  const double seconds =
      made.first_ns == 0 ? 0 : static_cast<double>(made.last_ns - made.first_ns) / 1e9;
  fmt::print(R"({{"frames": {}, "bytes": {}, "requests": {}, "responses": {}, )"
             R"("opened": {}, "closed": {}, "failed": {}, )"
             R"("late": {}, "seconds": {:.6f}, "cpu_seconds": {:.6f}, "rate": {:.0f}}})"
             "\n",
             made.frames, made.bytes, made.requests, made.responses, made.opened, made.closed,
             made.failed, made.late, seconds, cpu_seconds,
             static_cast<double>(made.last_frames - made.first_frames) / std::max(seconds, 1e-9));
}

} // namespace
} // namespace xdpcap::bench

int main(int argc, char** argv) {
  using namespace xdpcap::bench;
  try {
    Options options;
    CLI::App app{"Puts HTTP conversations on an interface, made in the kernel.", "wire-generator"};
    app.add_option("interface", options.interface, "where frames leave");
    app.add_option("--pcap", options.pcap, "write them to this file instead");
    app.add_option("--frames", options.frames, "exactly so many");
    app.add_option("--seconds", options.seconds, "at most so long");
    app.add_option("--rate", options.rate, "frames a second (default: as fast as it goes)");
    app.add_option("--flows", options.flows, "connections at a time");
    app.add_option("--exchanges", options.exchanges,
                   "requests of one connection; 0: it is never closed");
    app.add_option("--request", options.request, "bytes of a request");
    app.add_option("--response", options.response, "bytes of a response");
    app.add_option("--batch", options.batch, "frames that leave together")
        ->check(CLI::Range(1U, kBatchMax));
    app.add_option("--slack", options.slack_us, "microseconds it may be behind and still catch up");
    CLI11_PARSE(app, argc, argv);
    if (options.interface.empty() == options.pcap.empty())
      throw std::invalid_argument("name an interface or a --pcap");
    if (options.frames == 0 && (options.seconds <= 0 || !options.pcap.empty()))
      throw std::invalid_argument("say --frames or --seconds");
    for (const int signal : {SIGINT, SIGTERM, SIGALRM}) std::signal(signal, [](int) { ended = 1; });
    generate(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "wire-generator: {}\n", error.what());
    return 2;
  }
}
