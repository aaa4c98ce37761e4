#pragma once

#include <memory>
#include <string>

#include "record/records.hpp"

namespace xdpcap::web {

// A process of a capturing host. Immutable and shared: many sockets point to one.
struct Process : record::Process {
  std::string sensor;
};
using ProcessPointer = std::shared_ptr<const Process>;

// Who stands at the two ends of a connection, as far as it is known.
struct Ends {
  ProcessPointer client, server;
};

} // namespace xdpcap::web
