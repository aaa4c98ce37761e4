#pragma once

#include <fmt/core.h>

#include <string>
#include <system_error>
#include <utility>

#include "core/error.hpp"

namespace xdpcap {

// What the C library calls this errno; unlike strerror() for any thread.
inline std::string errno_text(int error) {
  return std::generic_category().message(error < 0 ? -error : error);
}

// An error whose cure is outside of the program: interface, driver, kernel.
template <class... Args>
Error environment(fmt::format_string<Args...> message, Args&&... args) {
  return {ExitCode::environment, fmt::format(message, std::forward<Args>(args)...)};
}

// The same where a capability is what is missing.
template <class... Args>
Error privilege(fmt::format_string<Args...> message, Args&&... args) {
  return {ExitCode::privilege, fmt::format(message, std::forward<Args>(args)...)};
}

// The same where the request makes no sense.
template <class... Args>
Error usage(fmt::format_string<Args...> message, Args&&... args) {
  return {ExitCode::usage, fmt::format(message, std::forward<Args>(args)...)};
}

} // namespace xdpcap
