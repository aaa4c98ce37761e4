#pragma once

#include <cstddef>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::sandbox {

// Lets this process open as many files and sockets as it may (RLIMIT_NOFILE: the soft limit becomes
// the hard one). Fails, with the sentence, where that is fewer than `least`.
Result<void, Error> raise_descriptor_limit(std::size_t least);

} // namespace xdpcap::sandbox
