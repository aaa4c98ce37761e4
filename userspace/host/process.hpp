#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace xdpcap::host {

// A process as it was when it was looked at; one that calls execve() becomes another
// of these. Texts are UTF-8 without control characters.
struct Process {
  std::uint64_t serial = 0; // never used again; 0 is none
  std::uint32_t pid = 0;
  std::string name;             // of the process, not of one of its threads
  std::string command;          // arguments parted by NUL, at most 4 KiB
  std::string cgroup;           // path; in the unified hierarchy where there is one
  std::string container;        // 64 hex digits; empty: none
  std::uint64_t started_ns = 0; // UTC
  std::uint32_t uid = 0;
};

using ProcessRef = std::shared_ptr<const Process>;

} // namespace xdpcap::host
