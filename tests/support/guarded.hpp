#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "core/bytes.hpp"

namespace xdpcap::test {

// A copy of `bytes` whose end is the end of a page with nothing mapped behind
// it: a parser that reads one byte too many dies on the spot, in every build.
class Guarded {
 public:
  explicit Guarded(Bytes bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t pages = (bytes.size() + page - 1) / page * page;
    mapped_ = pages + page;
    void* at = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<std::byte*>(at);
    ::mprotect(base_ + pages, page, PROT_NONE);
    std::byte* start = base_ + (pages - bytes.size());
    if (!bytes.empty()) std::memcpy(start, bytes.data(), bytes.size());
    bytes_ = {start, bytes.size()};
  }
  ~Guarded() { ::munmap(base_, mapped_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }

 private:
  std::byte* base_ = nullptr;
  std::size_t mapped_ = 0;
  Bytes bytes_;
};

} // namespace xdpcap::test
