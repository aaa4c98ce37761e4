#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"
#include "record/records.hpp"

struct nlmsghdr;

namespace xdpcap::host {

// What a person asks about an interface. Not set here: its `number`, the time, the namespace.
using record::InterfaceRecord;

// What one RTM_NEWLINK or RTM_NEWADDR message says; the second finds its interface by
// the index among `interfaces`.
void read_link(const nlmsghdr& message, std::map<std::uint32_t, InterfaceRecord>& interfaces);
void read_address(const nlmsghdr& message, std::map<std::uint32_t, InterfaceRecord>& interfaces);

// Looks at the interfaces of the network namespace that the thread is in. Needs no
// privilege, but for the names of XDP programs (CAP_SYS_ADMIN), which are kept: those
// of programs that were there when it was allowed. One thread.
class InterfaceWatch {
 public:
  Result<std::vector<InterfaceRecord>, Error> look();

 private:
  const std::string& name_of_program(std::uint32_t id);

  std::map<std::uint32_t, std::string> program_names_;
};

} // namespace xdpcap::host
