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

} // namespace xdpcap::engine
