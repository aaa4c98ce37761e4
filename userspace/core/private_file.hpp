#pragma once

#include <string>

#include "core/error.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"

namespace xdpcap {

enum class Existing : bool { truncate, keep };

// Opens a file that may hold secrets, for writing, and creates it where there is none.
// Nobody but this user can read it then: mode 0600, also where it was there and open to others. A
// symbolic link at its place is not followed, and a file of another user or one with a second name
// (a hard link) is refused: what is written there would be somebody else's. Pipes and devices are
// taken as they are. The sentence of a failure names the file and the cure.
Result<OwnedFd, Error> open_private(const std::string& path, Existing existing);

} // namespace xdpcap
