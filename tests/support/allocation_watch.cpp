#include "support/allocation_watch.hpp"

#include <cstdlib>

#include "core/sanitized.hpp"

namespace {
// volatile: a compiler may take it that operator new touches nothing of ours.
thread_local volatile bool watched = false;
thread_local volatile std::size_t allocations = 0;
} // namespace

#if !XDPCAP_SANITIZED
extern "C" {
// What glibc offers those who replace malloc.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* at, std::size_t size);

void* malloc(std::size_t size) {
  if (watched) allocations = allocations + 1;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  if (watched) allocations = allocations + 1;
  return __libc_calloc(count, size);
}
void* realloc(void* at, std::size_t size) {
  if (watched) allocations = allocations + 1;
  return __libc_realloc(at, size);
}
}
#endif

namespace xdpcap::test {

AllocationWatch::AllocationWatch() noexcept {
  allocations = 0;
  watched = true;
}
AllocationWatch::~AllocationWatch() {
  watched = false;
}
std::size_t AllocationWatch::count() const noexcept {
  return allocations;
}
bool AllocationWatch::works() noexcept {
  return !xdpcap::kSanitized;
}

} // namespace xdpcap::test
