#pragma once

#include <array>
#include <cstddef>

#include "publish/host_records.hpp"
#include "publish/secret_names.hpp"
#include "schemas/xdpcap_generated.h"

// Sockets, their processes and interfaces as FlatBuffers; see record_writer.hpp.
namespace xdpcap::publish {

// Which processes the batch that is being filled has already, and where: the tables
// of many sockets point to one. One that fell out of its place is written again.
class ProcessesWritten {
 public:
  using Offset = flatbuffers::Offset<schema::Process>;

  // Offset 0: not there.
  [[nodiscard]] Offset find(const Process& process) const noexcept {
    const Place& place = places_[process.serial % places_.size()];
    return place.serial == process.serial ? place.offset : Offset(0);
  }
  void add(const Process& process, Offset offset) noexcept {
    places_[process.serial % places_.size()] = {process.serial, offset};
  }
  void clear() noexcept { places_.fill({}); }

 private:
  struct Place {
    std::uint64_t serial = 0;
    Offset offset;
  };
  std::array<Place, 256> places_{};
};

// An upper bound of what the record takes; a socket's without its process. Of command lines the
// values of `masked` are overwritten.
std::size_t bytes_of(const SocketRecord& record) noexcept;
std::size_t bytes_of(const Process& process) noexcept;
std::size_t bytes_of(const InterfaceRecord& record) noexcept;

flatbuffers::Offset<schema::SocketRecord> write(flatbuffers::FlatBufferBuilder& builder,
                                                const SocketRecord& record,
                                                ProcessesWritten& processes,
                                                const SecretNames* masked);
flatbuffers::Offset<schema::InterfaceRecord> write(flatbuffers::FlatBufferBuilder& builder,
                                                   const InterfaceRecord& record);

} // namespace xdpcap::publish
