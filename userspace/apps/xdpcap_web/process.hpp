#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "schemas/xdpcap_generated.h"

namespace xdpcap::web {

// A process of a capturing host. Immutable and shared: many sockets point to one.
struct Process {
  std::string sensor;
  std::uint32_t pid = 0, uid = 0;
  std::uint64_t started_ns = 0;
  std::string name, command, cgroup, container;
};
using ProcessPointer = std::shared_ptr<const Process>;

// Who stands at the two ends of a connection, as far as it is known.
struct Ends {
  ProcessPointer client, server;
};

} // namespace xdpcap::web
