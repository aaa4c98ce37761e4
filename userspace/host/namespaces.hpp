#pragma once

#include <cstdint>
#include <functional>
#include <map>

namespace xdpcap::host {

// A network namespace by its inode, and one of the processes in it.
using NamespaceList = std::map<std::uint32_t, std::uint32_t>; // inode -> pid

// Those that processes live in, as far as this thread may look (CAP_SYS_PTRACE for
// the processes of others).
NamespaceList namespaces_of_processes();

// Lets work be done in other network namespaces. A namespace is held only as long as
// `work` runs: none lives on for having been looked at. Needs CAP_SYS_ADMIN. One thread.
class NamespaceVisitor {
 public:
  NamespaceVisitor();

  // Runs `work` inside the namespace of that process, if it still is the one meant, on a
  // thread of its own, and waits for it.
  // Answers whether it was run.
  bool run_inside(std::uint32_t inode, std::uint32_t pid, const std::function<void()>& work);

  [[nodiscard]] std::uint32_t own() const noexcept { return own_inode_; }

 private:
  std::uint32_t own_inode_;
};

} // namespace xdpcap::host
