#pragma once

#include "host/interface_facts.hpp"
#include "host/socket.hpp"
#include "publish/host_records.hpp"

// From the words of host/ to those of publish/, which do not know each other.
namespace xdpcap::engine {

// A record and what it points to; borrowed from the socket.
class SocketRecordOf {
 public:
  explicit SocketRecordOf(const host::Socket& socket) noexcept;
  SocketRecordOf(const SocketRecordOf&) = delete;
  SocketRecordOf& operator=(const SocketRecordOf&) = delete;

  [[nodiscard]] const publish::SocketRecord& get() const noexcept { return record_; }

 private:
  publish::Process process_;
  publish::TcpInfo tcp_;
  publish::SocketRecord record_;
};

// Borrowed from the facts. `number`: as records of this capture name the interface; -1: not
// captured.
publish::InterfaceRecord interface_record(const host::InterfaceFacts& facts, Instant at,
                                          std::int16_t number,
                                          std::uint32_t network_namespace) noexcept;

} // namespace xdpcap::engine
