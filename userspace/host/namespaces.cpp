#include "host/namespaces.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <sys/stat.h>

#include <thread>

#include "core/owned_fd.hpp"
#include "host/proc.hpp"

namespace xdpcap::host {

NamespaceList namespaces_of_processes() {
  NamespaceList list;
  each_process([&](std::uint32_t pid) {
    if (const auto inode = network_namespace_of(pid)) list.try_emplace(*inode, pid);
  });
  return list;
}

NamespaceVisitor::NamespaceVisitor() : own_inode_(own_network_namespace()) {}

bool NamespaceVisitor::run_inside(std::uint32_t inode, std::uint32_t pid,
                                  const std::function<void()>& work) {
  if (inode == own_inode_) {
    work();
    return true;
  }
  bool entered = false;
  // On a thread that ends there: nobody has to come back, which might fail.
  std::thread([&] {
    {
      const OwnedFd there(
          ::open(fmt::format("/proc/{}/ns/net", pid).c_str(), O_RDONLY | O_CLOEXEC));
      struct stat facts {};
      if (!there || ::fstat(there.get(), &facts) != 0 || facts.st_ino != inode) return;
      if (::setns(there.get(), CLONE_NEWNET) != 0) return;
    }
    entered = true;
    work();
  }).join();
  return entered;
}

} // namespace xdpcap::host
