#pragma once

#include <span>
#include <string_view>

namespace xdpcap::web {

// A file of the dashboard, as `npm run build` made it; part of the program, alive as long as that
// runs.
struct Asset {
  std::string_view path;  // as it is asked for: "/index.html", "/assets/index-Ab12cd34.js"
  std::string_view type;  // Content-Type
  std::string_view bytes; // never compressed
  bool hashed;            // its name changes with its content: may be cached for ever
};

// All files, in order of their paths, "/index.html" always among them. Where npm was not there when
// the program was built that one is a page that says so. Any thread.
std::span<const Asset> assets() noexcept;

} // namespace xdpcap::web
