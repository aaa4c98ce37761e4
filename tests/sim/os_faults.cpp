#include "sim/os_faults.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstring>

namespace xdpcap::sim {
namespace {

std::array<std::atomic<std::uint32_t>, kCalls> counts;
Fault fault;
std::atomic<bool> armed{false}, happened{false};

// Whether this call is the one that fails.
bool strikes(Call call) noexcept {
  if (!armed.load(std::memory_order_acquire)) return false;
  const std::uint32_t number = counts[static_cast<std::size_t>(call)].fetch_add(1);
  const bool does =
      call == fault.call && (number == fault.nth || (fault.from_then_on && number > fault.nth));
  if (does) {
    happened = true;
    if (fault.error != 0) errno = fault.error;
  }
  return does;
}
bool halves() noexcept {
  return fault.error == 0;
}

} // namespace

const char* name_of(Call call) noexcept {
  static constexpr const char* kNames[kCalls] = {
      "mmap",    "open",   "fstat",        "read",         "write",
      "eventfd", "thread", "netlink open", "netlink send", "netlink receive"};
  return kNames[static_cast<std::size_t>(call)];
}

void arm(const Fault& next) noexcept {
  for (auto& count : counts) count = 0;
  fault = next;
  happened = false;
  armed.store(true, std::memory_order_release);
}
std::uint32_t calls_of(Call call) noexcept {
  return counts[static_cast<std::size_t>(call)];
}
bool disarm() noexcept {
  armed = false;
  return happened;
}

} // namespace xdpcap::sim

using xdpcap::sim::Call;
using xdpcap::sim::halves;
using xdpcap::sim::strikes;

extern "C" {

// The names are the linker's.
void* __real_mmap(void*, size_t, int, int, int, off_t);
int __real_open(const char*, int, ...);
int __real_fstat(int, struct stat*);
ssize_t __real_read(int, void*, size_t);
ssize_t __real_write(int, const void*, size_t);
int __real_eventfd(unsigned, int);
mnl_socket* __real_mnl_socket_open2(int, int);
ssize_t __real_mnl_socket_sendto(const mnl_socket*, const void*, size_t);
ssize_t __real_mnl_socket_recvfrom(const mnl_socket*, void*, size_t);

void* __wrap_mmap(void* at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  return strikes(Call::mmap) ? MAP_FAILED : __real_mmap(at, bytes, protection, flags, fd, offset);
}
int __wrap_open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return strikes(Call::open) ? -1 : __real_open(path, flags, mode);
}
int __wrap_fstat(int fd, struct stat* status) {
  return strikes(Call::fstat) ? -1 : __real_fstat(fd, status);
}
ssize_t __wrap_read(int fd, void* to, size_t bytes) {
  if (!strikes(Call::read)) return __real_read(fd, to, bytes);
  return halves() ? __real_read(fd, to, (bytes + 1) / 2) : -1;
}
ssize_t __wrap_write(int fd, const void* from, size_t bytes) {
  if (!strikes(Call::write)) return __real_write(fd, from, bytes);
  return halves() ? __real_write(fd, from, (bytes + 1) / 2) : -1;
}
int __wrap_eventfd(unsigned value, int flags) {
  return strikes(Call::eventfd) ? -1 : __real_eventfd(value, flags);
}
mnl_socket* __wrap_mnl_socket_open2(int bus, int flags) {
  return strikes(Call::netlink_open) ? nullptr : __real_mnl_socket_open2(bus, flags);
}
ssize_t __wrap_mnl_socket_sendto(const mnl_socket* socket, const void* message, size_t bytes) {
  return strikes(Call::netlink_send) ? -1 : __real_mnl_socket_sendto(socket, message, bytes);
}
ssize_t __wrap_mnl_socket_recvfrom(const mnl_socket* socket, void* to, size_t bytes) {
  if (!strikes(Call::netlink_receive)) return __real_mnl_socket_recvfrom(socket, to, bytes);
  if (!halves()) return -1;
  const ssize_t got = __real_mnl_socket_recvfrom(socket, to, bytes);
  return got > 0 ? (got + 1) / 2 : got;
}

// libzmq aborts where it gets no thread; that is its own matter.
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  Dl_info caller = {};
  const bool known =
      ::dladdr(__builtin_return_address(0), &caller) != 0 && caller.dli_fname != nullptr;
  const bool ours = known && std::strstr(caller.dli_fname, "libstdc++") != nullptr;
  if (ours && strikes(Call::thread)) return EAGAIN;
  return real(thread, attributes, start, argument);
}
}
