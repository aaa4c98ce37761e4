// Runs of the program in which one call to the operating system fails: see README.md.
#include <dirent.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <thread>

#include "capture/doctor.hpp"
#include "capture/file/pcapng_writer.hpp"
#include "capture/nic/host_use.hpp"
#include "capture/nic/links.hpp"
#include "core/private_file.hpp"
#include "engine/engine.hpp"
#include "sim/os_faults.hpp"
#include "sim/random.hpp"
#include "sim/scenario.hpp"

namespace xdpcap::sim {
namespace {

namespace fs = std::filesystem;

struct Ending {
  int code = 0;
  std::string message;
  std::vector<std::string> wrong;
};

std::vector<std::string> open_descriptors() {
  std::vector<std::string> all;
  for (const fs::directory_entry& entry : fs::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone; // the folder's own descriptor
    const fs::path to = fs::read_symlink(entry.path(), gone);
    if (!gone && to.string().find("/fd") == std::string::npos) all.push_back(to.string());
  }
  std::sort(all.begin(), all.end());
  return all;
}

void require(Ending& ending, bool holds, const std::string& what) {
  if (!holds) ending.wrong.push_back(what);
}

// As apps/xdpcap_run/main.cpp does.
template <class Task>
void run_like_the_program(Ending& ending, Task&& task) {
  const auto end = [&](ExitCode code, std::string message) {
    ending.code = static_cast<int>(code);
    ending.message = std::move(message);
  };
  try {
    if (const std::optional<Error> error = task(ending)) end(error->code, error->message);
  } catch (const std::bad_alloc&) {
    end(ExitCode::environment, "The system refused the memory asked for");
  } catch (const std::exception& error) {
    end(ExitCode::environment, error.what());
  }
}

std::size_t lines_of(const fs::path& path) {
  std::ifstream file{path};
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}, '\n'));
}

// From a capture file to JSON lines, an endpoint and a copy of the frames.
std::optional<Error> replay_file(Ending& ending, const fs::path& folder) {
  auto json = open_private((folder / "out.json").string(), Existing::truncate);
  if (!json) return std::move(json).error();
  engine::Config config;
  config.read_file = (folder / "in.pcapng").string();
  config.write_file = (folder / "copy.pcapng").string();
  config.outputs.pub = {"ipc://" + (folder / "pub.sock").string()};
  config.outputs.json =
      publish::JsonOutput{.fd = json->get(), .options = {}, .topics = {codec::Topic::http}};
  config.memory_limit = std::size_t{128} << 20;
  config.sandbox = false; // it would bind this process for good
  auto opened = engine::Engine::open(config);
  if (!opened) return std::move(opened).error();
  engine::Engine& engine = **opened;
  engine.start();
  while (engine.running()) {
    (void)engine.tick();
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  engine.hurry();
  const engine::Ledger ledger = engine.finish();
  (void)disarm(); // from here on it is this test that looks
  for (const engine::Equation& equation : ledger.equations)
    require(ending, equation.holds(),
            fmt::format("{}: {} = {}", equation.name, equation.left, equation.right));
  if (engine.failure()) return *engine.failure();
  require(ending, ledger.total("publish_messages_published") == lines_of(folder / "out.json"),
          "exit code 0, and not every message is a line");
  auto copy = capture::PcapSource::open((folder / "copy.pcapng").string());
  require(ending, copy.ok() && !copy->trouble(),
          "exit code 0, and the copy of the frames cannot be read");
  return std::nullopt;
}

// What is known of the host's interfaces; a failure may be reported by a finding as well.
std::optional<Error> ask_the_host(Ending& ending) {
  auto links = capture::all_links();
  if (!links) return std::move(links).error();
  const auto loopback = capture::find_link(*links, "lo");
  require(ending, loopback.has_value(), "the links are said to be all, and lo is not there");
  if (!loopback) return std::nullopt;
  const capture::HostPicture picture = capture::look_at_host(loopback->index);
  const bool is_whole = picture.unreadable.empty();
  require(ending, !is_whole || capture::find_link(picture.links, "lo").has_value(),
          "nothing is said to be unreadable, and lo is not there");
  require(ending, !is_whole || !picture.addresses.empty(),
          "nothing is said to be unreadable, and lo has no address");
  const auto findings = capture::examine("lo");
  require(ending, !findings.empty(), "nothing was found");
  return std::nullopt;
}

struct Trial {
  const char* name;
  std::optional<Error> (*task)(Ending&, const fs::path&);
};
constexpr Trial kTrials[] = {
    {"replay", replay_file},
    {"host", [](Ending& ending, const fs::path&) { return ask_the_host(ending); }},
};

Ending attempt(const Trial& trial, const Fault& fault, const fs::path& folder) {
  Ending ending;
  const std::vector<std::string> before = open_descriptors();
  arm(fault);
  run_like_the_program(ending, [&](Ending& e) { return trial.task(e, folder); });
  const bool happened = disarm();
  const std::vector<std::string> after = open_descriptors();
  require(ending, after == before,
          fmt::format("descriptors before: {}; after: {}", fmt::join(before, " "),
                      fmt::join(after, " ")));
  require(ending, ending.code == 0 || ending.message.size() > 10, "an exit code and no sentence");
  require(ending, ending.code == 0 || happened,
          "it failed although nothing was wrong: " + ending.message);
  return ending;
}

// In a process of its own, which may crash or hang. Prints what is wrong.
bool holds(const Trial& trial, const Fault& fault, const fs::path& folder, bool verbose) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    const Ending ending = attempt(trial, fault, folder);
    if (verbose) fmt::print("  exit code {}: {}\n", ending.code, ending.message);
    for (const std::string& what : ending.wrong)
      fmt::print("  {} (exit code {}: {})\n", what, ending.code, ending.message);
    std::fflush(stdout);
    ::_exit(ending.wrong.empty() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) fmt::print("  ended by signal {}\n", WTERMSIG(status));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void make_capture(const fs::path& path) {
  Random random{1};
  Scenario scenario;
  scenario.connections = 30;
  scenario.dialogue.body_max = 30'000;
  const Traffic traffic = make_traffic(scenario, random);
  const std::vector<capture::WrittenInterface> interfaces{{"sim", wire::LinkType::ethernet, 0}};
  auto writer = capture::PcapngWriter::open(path.string(), interfaces);
  if (!writer) throw std::runtime_error(writer.error().message);
  for (const Frame& frame : traffic.frames) {
    wire::Frame written;
    written.bytes = frame.bytes;
    written.wire_length = frame.wire_length;
    written.arrived = instant_from_ns(frame.at_us * 1000);
    (void)writer->write(written);
  }
  if (auto closed = writer->close(); !closed) throw std::runtime_error(closed.error().message);
}

Fault draw(Random& random, const std::array<std::uint32_t, kCalls>& calls) {
  Fault fault;
  do {
    fault.call = static_cast<Call>(random.below(kCalls));
  } while (calls[static_cast<std::size_t>(fault.call)] == 0);
  fault.nth = static_cast<std::uint32_t>(random.below(calls[static_cast<std::size_t>(fault.call)]));
  switch (fault.call) {
    case Call::mmap:
      fault.error = ENOMEM;
      break;
    case Call::read:
      fault.error = random.one_of({0, EIO, EINTR});
      break;
    case Call::write:
      fault.error = random.one_of({0, ENOSPC, EIO, EINTR});
      fault.from_then_on = fault.error == ENOSPC;
      break;
    case Call::netlink_receive:
      fault.error = random.one_of({0, ENOBUFS, EPERM});
      break;
    case Call::netlink_send:
      fault.error = random.one_of({EPERM, ENOBUFS});
      break;
    case Call::open:
    case Call::fstat:
    case Call::eventfd:
    case Call::thread:
    case Call::netlink_open:
    case Call::count_:
      fault.error = random.one_of({EMFILE, ENFILE, EACCES});
      break;
  }
  return fault;
}

// How often each call is made where nothing fails.
std::array<std::uint32_t, kCalls> count_calls(const Trial& trial, const fs::path& folder) {
  std::array<std::uint32_t, kCalls> calls{};
  (void)attempt(trial, Fault{}, folder); // what a process keeps once is opened here
  const Ending ending = attempt(trial, Fault{}, folder);
  for (std::size_t i = 0; i < kCalls; ++i) calls[i] = calls_of(static_cast<Call>(i));
  if (ending.code != 0 || !ending.wrong.empty())
    throw std::runtime_error(fmt::format("{} without a fault: {} {}", trial.name, ending.message,
                                         ending.wrong.empty() ? "" : ending.wrong.front()));
  return calls;
}

int main_of(int argc, char** argv) {
  std::string place = (fs::temp_directory_path() / "xdpcap-sim-XXXXXX").string();
  if (::mkdtemp(place.data()) == nullptr) throw std::runtime_error("no temporary folder");
  const fs::path folder{place};
  make_capture(folder / "in.pcapng");
  std::vector<std::array<std::uint32_t, kCalls>> calls;
  std::array<std::uint32_t, kCalls> all{};
  for (const Trial& trial : kTrials) {
    calls.push_back(count_calls(trial, folder));
    for (std::size_t i = 0; i < kCalls; ++i) all[i] += calls.back()[i];
  }
  for (std::size_t i = 0; i < kCalls; ++i) {
    if (all[i] == 0)
      throw std::runtime_error(fmt::format("{} is not called any more: the seam is gone",
                                           name_of(static_cast<Call>(i))));
  }
  const char* const given = std::getenv("XDPCAP_SIM_SECONDS");
  const bool one = argc == 3 && std::strcmp(argv[1], "--seed") == 0;
  std::uint64_t seed =
      one ? std::strtoull(argv[2], nullptr, 10)
          : static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds{one                ? 0
                                                              : given != nullptr ? std::atoi(given)
                                                                                 : 3};
  std::size_t tried = 0, failed = 0;
  do {
    Random random{seed};
    const std::size_t number = random.below(std::size(kTrials));
    const Fault fault = draw(random, calls[number]);
    ++tried;
    if (one || !holds(kTrials[number], fault, folder, false)) {
      fmt::print("{}: {} number {} fails: {}{}; again with: test_os_faults --seed {}\n",
                 kTrials[number].name, name_of(fault.call), fault.nth,
                 fault.error == 0 ? "half of it" : std::strerror(fault.error),
                 fault.from_then_on ? " from then on" : "", seed);
      failed += one ? (holds(kTrials[number], fault, folder, true) ? 0U : 1U) : 1U;
    }
    ++seed;
  } while (std::chrono::steady_clock::now() < end);
  fs::remove_all(folder);
  fmt::print("{} faults, {} not answered as they should be\n", tried, failed);
  return failed == 0 ? 0 : 1;
}

} // namespace
} // namespace xdpcap::sim

int main(int argc, char** argv) {
  try {
    return xdpcap::sim::main_of(argc, argv);
  } catch (const std::exception& error) {
    fmt::print("{}\n", error.what());
    return 1;
  }
}
