#include "apps/xdpcap_web/host/name_lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <system_error>
#include <thread>
#include <utility>

#include "apps/xdpcap_web/api/packet.hpp"
#include "core/mutex.hpp"

namespace xdpcap::web {
namespace {

constexpr std::size_t kAddressesMax = 16;

std::vector<schema::Endpoint> addresses_by_name(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* answer = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &answer) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(answer, ::freeaddrinfo);
  std::vector<schema::Endpoint> addresses;
  for (const addrinfo* one = answer; one != nullptr && addresses.size() < kAddressesMax;
       one = one->ai_next) {
    if (one->ai_family == AF_INET)
      addresses.push_back(
          endpoint_of(reinterpret_cast<const sockaddr_in*>(one->ai_addr)->sin_addr));
    if (one->ai_family == AF_INET6)
      addresses.push_back(
          endpoint_of(reinterpret_cast<const sockaddr_in6*>(one->ai_addr)->sin6_addr));
  }
  return addresses;
}

} // namespace

struct NameLookup::State {
  Mutex mutex;
  bool closed XDPCAP_GUARDED_BY(mutex) = false;
  std::size_t running XDPCAP_GUARDED_BY(mutex) = 0;
};

NameLookup::NameLookup() : state_(std::make_shared<State>()) {}

NameLookup::~NameLookup() {
  close();
}

void NameLookup::close() {
  const MutexLock lock{state_->mutex};
  state_->closed = true;
}

bool NameLookup::start(std::vector<std::string> names, Done done) {
  {
    const MutexLock lock{state_->mutex};
    if (state_->closed || state_->running >= kAtOnce) return false;
    ++state_->running;
  }
  try {
    std::thread([state = state_, names = std::move(names), done = std::move(done)]() mutable {
      HostAddresses found;
      for (const std::string& name : names) {
        if (auto addresses = addresses_by_name(name); !addresses.empty())
          found[name] = std::move(addresses);
      }
      const MutexLock lock{state->mutex};
      --state->running;
      if (!state->closed) done(std::move(found));
      done = nullptr; // what it holds goes while the lock says that nobody has left
    }).detach();
  } catch (const std::system_error&) {
    const MutexLock lock{state_->mutex};
    --state_->running;
    return false;
  }
  return true;
}

} // namespace xdpcap::web
