#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schemas/xdpcap_generated.h"

namespace xdpcap::web {

// Addresses of hosts by name; those of a name without any are left out.
using HostAddresses = std::map<std::string, std::vector<schema::Endpoint>>;

// Looks names up (getaddrinfo) while nobody waits: a resolver that does not answer takes half a
// minute and cannot be called back. Each look-up has a thread of its own, of which there are at
// most kAtOnce; one that is still under way when the program ends is left behind.
class NameLookup {
 public:
  using Done = std::function<void(HostAddresses)>;

  NameLookup();
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // False: as many as may be are under way. `done` is called on a thread of its own, and not after
  // close().
  bool start(std::vector<std::string> names, Done done);
  void close();

  static constexpr std::size_t kAtOnce = 4, kNamesMax = 4;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

} // namespace xdpcap::web
