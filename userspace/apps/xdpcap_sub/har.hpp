#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "consume/seen.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::sub {

using consume::Exchange;

// Writes exchanges as HAR (consume/har.hpp), one entry after the other, so that
// memory does not grow with the file. The file is valid once finish() has closed it. It holds what
// was said on the wire, so nobody else may read it (core/private_file.hpp).
class HarFile {
 public:
  static Result<HarFile, Error> create(const std::string& path, codec::BodyFormat body);

  Result<void, Error> add(const Exchange& exchange);
  Result<void, Error> finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  HarFile(std::string path, File file, codec::BodyFormat body)
      : path_(std::move(path)), file_(std::move(file)), body_(body) {}
  Result<void, Error> write(const std::string& text);
  [[nodiscard]] Error failure() const;

  std::string path_;
  File file_;
  codec::BodyFormat body_;
  bool first_ = true;
};

} // namespace xdpcap::sub
