#pragma once

#include <cstddef>
#include <cstdint>

// The operating system that says no. The linker leads the calls of this program (ld --wrap), and of
// no shared library, through here; pthread_create is taken over for the standard library.
namespace xdpcap::sim {

enum class Call : std::uint8_t {
  mmap,
  open,
  fstat,
  read,
  write,
  eventfd,
  thread,
  netlink_open,
  netlink_send,
  netlink_receive,
  count_,
};
constexpr std::size_t kCalls = static_cast<std::size_t>(Call::count_);
const char* name_of(Call call) noexcept;

struct Fault {
  Call call = Call::count_;  // count_: none
  std::uint32_t nth = 0;     // of the calls from now on, counted from 0
  int error = 0;             // 0: the call does half of what it was to do
  bool from_then_on = false; // as a full disk does
};

// Counts calls from now on, on all threads.
void arm(const Fault& fault) noexcept;
std::uint32_t calls_of(Call call) noexcept;
// Answers whether the fault has happened.
bool disarm() noexcept;

} // namespace xdpcap::sim
