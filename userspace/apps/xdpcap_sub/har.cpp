#include "apps/xdpcap_sub/har.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "consume/har.hpp"
#include "core/private_file.hpp"

namespace xdpcap::sub {

Result<HarFile, Error> HarFile::create(const std::string& path, codec::BodyFormat body) {
  auto opened = open_private(path, Existing::truncate);
  if (!opened) return std::move(opened).error();
  File file(::fdopen(opened->get(), "w"));
  if (!file)
    return Error{ExitCode::output, fmt::format("cannot create {}: {}", path, std::strerror(errno))};
  (void)opened->release();
  HarFile har(path, std::move(file), body);
  auto begun = har.write(consume::har_head("xdpcap-sub"));
  if (!begun) return std::move(begun).error();
  return har;
}

Result<void, Error> HarFile::add(const Exchange& exchange) {
  if (!exchange.request || exchange.interim()) return {};
  return write((std::exchange(first_, false) ? "\n" : ",\n") + consume::har_entry(exchange, body_));
}

Result<void, Error> HarFile::finish() {
  if (!file_) return {};
  if (Result<void, Error> ended = write(std::string(consume::har_tail())); !ended) return ended;
  if (std::fclose(file_.release()) != 0) return failure();
  return {};
}

Result<void, Error> HarFile::write(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) return failure();
  return {};
}

Error HarFile::failure() const {
  return {ExitCode::output,
          fmt::format("cannot write {}: {}; is the disk full?", path_, std::strerror(errno))};
}

} // namespace xdpcap::sub
