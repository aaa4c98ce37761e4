#pragma once

#include <string>

namespace xdpcap {

// What the programs exit with. docs/operations.md shows the same table to users.
enum class ExitCode : int {
  ok = 0,
  usage = 1,       // wrong option or configuration
  environment = 2, // the interface, driver or kernel refuses, or the host would be cut off
  privilege = 3,   // a capability is missing
  input = 4,       // a file cannot be read
  output = 5,      // a file, endpoint or stream cannot be written
};

// A failure of the cold path: one sentence that says to a person what happened and
// what cures it, and the exit code of a program that ends for it.
struct Error {
  ExitCode code = ExitCode::environment;
  std::string message;
};

} // namespace xdpcap
