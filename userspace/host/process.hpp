#pragma once

#include <memory>

#include "record/records.hpp"

namespace xdpcap::host {

// A process as it was when it was looked at; one that calls execve() becomes another of these. Its
// `serial` is never used again. Texts are UTF-8 without control characters; `name` is that of the
// process, not of one of its threads, `command` its arguments parted by NUL.
using record::Process;

using ProcessRef = std::shared_ptr<const Process>;

} // namespace xdpcap::host
