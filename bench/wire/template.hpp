#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/wire/generator.h"

namespace xdpcap::bench {

// The bytes that every live frame starts from (see generator.h): all that is the
// same in each frame of a kind is in place; the BPF program writes the rest.
struct Template {
  std::vector<std::byte> bytes;
  wire_payload request, response;
};

// Payloads of exactly these lengths, whole messages, padded by a field or by the
// body. Throws std::invalid_argument where one is too short for its message or
// both are too long for a page.
Template make_template(std::uint32_t request_bytes, std::uint32_t response_bytes);

} // namespace xdpcap::bench
