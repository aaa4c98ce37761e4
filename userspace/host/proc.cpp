#include "host/proc.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>

#include "core/owned_fd.hpp"

namespace xdpcap::host {
namespace {

constexpr std::size_t kTextMax = 16384;

std::optional<std::string> read_file(const std::string& path) {
  const OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text(kTextMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t bytes = ::read(file.get(), text.data() + size, text.size() - size);
    if (bytes < 0) return std::nullopt; // it ended meanwhile
    if (bytes == 0) break;
    size += static_cast<std::size_t>(bytes);
  }
  text.resize(size);
  return text;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end != text.data() ? std::optional(number) : std::nullopt;
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

// Calls visit(name) for each entry that is a number; false where it cannot be opened.
bool each_number(const std::string& path, const std::function<void(std::uint32_t)>& visit) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (directory == nullptr) return false;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name.empty() || name.front() < '0' || name.front() > '9') continue;
    if (const auto number = number_in<std::uint32_t>(name)) visit(*number);
  }
  return true;
}

// "socket:[123]" -> 123 for the prefix "socket:[".
std::optional<std::uint64_t> inode_of_link(const std::string& path, std::string_view prefix) {
  std::array<char, 64> target{};
  const ssize_t bytes = ::readlink(path.c_str(), target.data(), target.size());
  if (bytes <= 0) return std::nullopt;
  const std::string_view text(target.data(), static_cast<std::size_t>(bytes));
  return text.starts_with(prefix) ? number_in<std::uint64_t>(text.substr(prefix.size()))
                                  : std::nullopt;
}

} // namespace

std::optional<std::uint64_t> started_ticks(std::string_view stat) {
  constexpr int kFieldsBetween = 20; // from the state, field 3, to field 22
  std::size_t at = stat.rfind(')');
  if (at == std::string_view::npos) return std::nullopt;
  for (int field = 0; field < kFieldsBetween && at != std::string_view::npos; ++field)
    at = stat.find(' ', at + 1);
  return at == std::string_view::npos ? std::nullopt
                                      : number_in<std::uint64_t>(stat.substr(at + 1));
}

std::optional<std::uint32_t> uid_in(std::string_view status) {
  constexpr std::string_view kName = "\nUid:\t";
  const std::size_t line = status.find(kName);
  if (line == std::string_view::npos) return std::nullopt;
  const std::size_t tab = status.find('\t', line + kName.size()); // the real one comes first
  return tab == std::string_view::npos ? std::nullopt
                                       : number_in<std::uint32_t>(status.substr(tab + 1));
}

std::optional<ProcFacts> read_process(std::uint32_t pid) {
  const auto read = [pid](const char* file) {
    return read_file(fmt::format("/proc/{}/{}", pid, file));
  };
  const auto stat = read("stat");
  const auto started = stat ? started_ticks(*stat) : std::nullopt;
  if (!started) return std::nullopt;
  ProcFacts facts;
  facts.started_ticks = *started;
  facts.name = read("comm").value_or("");
  facts.command = read("cmdline").value_or("");
  facts.cgroup = read("cgroup").value_or("");
  facts.uid = uid_in(read("status").value_or("")).value_or(0);
  return facts;
}

void each_process(const std::function<void(std::uint32_t)>& visit) {
  each_number("/proc", visit);
}

bool each_socket_of(std::uint32_t pid, const std::function<void(std::uint64_t)>& visit) {
  const std::string directory = fmt::format("/proc/{}/fd", pid);
  return each_number(directory, [&](std::uint32_t fd) {
    if (const auto inode = inode_of_link(fmt::format("{}/{}", directory, fd), "socket:["))
      visit(*inode);
  });
}

std::optional<std::uint32_t> network_namespace_of(std::uint32_t pid) {
  const auto inode = inode_of_link(fmt::format("/proc/{}/ns/net", pid), "net:[");
  return inode ? std::optional(static_cast<std::uint32_t>(*inode)) : std::nullopt;
}

std::uint32_t own_network_namespace() {
  return static_cast<std::uint32_t>(inode_of_link("/proc/thread-self/ns/net", "net:[").value_or(0));
}

} // namespace xdpcap::host
