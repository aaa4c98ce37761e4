#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/result.hpp"
#include "publish/endpoint.hpp"

namespace xdpcap::engine {

// Who the process becomes once everything that needs a privilege is open.
// Looks the user up; the sentence names one that does not exist.
Result<publish::Owner, Error> look_up_user(const std::string& name);

// Gives up every capability, for the calling thread and those it starts from now
// on; with `user`, for all threads, and becomes that user for good. `keep_net_admin`
// leaves CAP_NET_ADMIN, which putting some settings back needs.
Result<void, Error> drop_privileges(const std::optional<publish::Owner>& user, bool keep_net_admin);

// What a thread may go on needing.
struct ThreadPrivileges {
  bool sys_admin = false;       // enter namespaces
  bool sys_ptrace = false;      // see which namespaces and descriptors processes of others have
  bool dac_read_search = false; // read their directories in /proc
};
// Gives up every other capability, for the calling thread; those it never had stay away.
Result<void, Error> keep_only(const ThreadPrivileges& kept);

} // namespace xdpcap::engine
