#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/counters.hpp"
#include "host/interface_facts.hpp"
#include "host/namespaces.hpp"
#include "host/process_table.hpp"
#include "host/socket_book.hpp"
#include "host/socket_probe.hpp"

namespace xdpcap::host {

struct WatchOptions {
  bool whole_host = false; // every network namespace that processes live in; else the own one
  std::size_t sockets_max = 65536;
  std::size_t processes_max = 8192;
};

enum class WatchCount : std::uint8_t {
  dumps,        // the kernel was asked for all sockets
  dump_errors,  // of one kind or namespace; what was answered was taken
  sockets_seen, // in all dumps
  searches,     // through the descriptors of all processes
  events,       // of sockets, as they happened
  count_,
};
std::string_view name_of(WatchCount count) noexcept;
std::string_view name_of(BookCount count) noexcept;

// The kernel's own view of this host: its sockets, whose they are, its interfaces.
// Opened with privileges; what it needs of them afterwards it says. Where the kernel
// side cannot be had it asks now and then, and says what is missing. One thread, the
// one that opened it: a network namespace belongs to a thread. Counters may be read by any.
class HostWatch {
 public:
  explicit HostWatch(const WatchOptions& options);

  // What is missing, and what cures it.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
  [[nodiscard]] bool enters_namespaces() const noexcept {
    return whole_host_;
  } // CAP_SYS_ADMIN, CAP_SYS_PTRACE
  [[nodiscard]] bool reads_descriptors() const noexcept {
    return probe_ == nullptr;
  } // CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH

  // Takes in what happened; waits at most so long for something to happen. Answers whether anything
  // did.
  bool poll(int timeout_ms);
  // Sockets that were opened and closed, as far as they are due (SocketBook); all of them at the
  // end. Due is what happened long enough before the last poll() began: all that followed it within
  // that time was taken in, however late this thread came to it.
  void publish_events(const SocketBook::Publish& publish) {
    book_.publish_due(read_until_, publish);
  }
  void publish_all_events(const SocketBook::Publish& publish) { book_.publish_all(publish); }
  // Every socket there is. `tell` is called while the kernel's answer is read.
  void look(const SocketBook::Publish& publish);
  Result<std::vector<InterfaceRecord>, Error> interfaces() { return interfaces_.look(); }

  [[nodiscard]] std::uint32_t own_namespace() const noexcept { return namespaces_.own(); }
  [[nodiscard]] const Counters<WatchCount>& counters() const noexcept { return counters_; }
  [[nodiscard]] const Counters<BookCount>& book_counters() const noexcept {
    return book_.counters();
  }
  [[nodiscard]] std::uint64_t events_lost() const noexcept {
    return probe_ == nullptr ? 0 : probe_->lost();
  }

 private:
  void open_probe();
  void on_event(const xdpcap_socket_event& event);
  // Whether all sockets there were met.
  bool look_into(std::uint32_t network_namespace, Instant now, std::vector<Socket>& without_owner,
                 const SocketBook::Publish& publish);
  void search_owners(Instant now, const std::vector<Socket>& sockets);
  void search_descriptors(const std::vector<Socket>& sockets);

  bool whole_host_;
  bool entered_any_ = false; // another network namespace, in the last round
  std::vector<std::string> notes_;
  NamespaceVisitor namespaces_;
  ProcessTable processes_;
  SocketBook book_;
  InterfaceWatch interfaces_;
  HostClock clock_;
  std::unique_ptr<SocketProbe> probe_;
  Instant next_search_;
  Instant read_until_; // everything that happened before was taken in
  Counters<WatchCount> counters_;
};

} // namespace xdpcap::host
