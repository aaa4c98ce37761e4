#pragma once

#include <string>
#include <string_view>

#include "codec/json.hpp"
#include "consume/seen.hpp"

// HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/): head, entries with
// a comma between them, tail. A request without response has status 0, as browsers
// write it; HAR has no place for a response without request, or an interim one.
namespace xdpcap::consume {

std::string har_head(std::string_view program);
// Of an exchange whose request is there and whose halves were seen with Keep::contents.
std::string har_entry(const Exchange& exchange, codec::BodyFormat body);
std::string_view har_tail() noexcept;

} // namespace xdpcap::consume
