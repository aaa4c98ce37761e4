// Fuzzes what a stranger sends to xdpcap-web before anything of it is believed: the Host, the
// origin, the query and its parameters. Whatever comes, no request gets in without the token, and
// what is refused names a reason.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "apps/xdpcap_web/api/packet.hpp"
#include "apps/xdpcap_web/api/parameters.hpp"
#include "apps/xdpcap_web/server/access.hpp"
#include "apps/xdpcap_web/store/ids.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xdpcap::web;
  static const std::string kToken(32, 'a');
  static Access access({.loopback = true, .token = kToken});
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&rest] {
    const std::string_view one = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    return std::string(one);
  };
  Request request;
  request.host = line();
  request.origin = line();
  request.authorization = line();
  request.cookie = line();
  request.query = line();
  request.path = "/api/messages";
  request.peer = "192.0.2.1";
  const bool knows_token = request.authorization.find(kToken) != std::string::npos ||
                           request.cookie.find(kToken) != std::string::npos;
  if (!access.refuse(request, false) && !knows_token) std::abort();
  const auto host = host_of_field(request.host);
  if (host && host->find_first_of("@#/\\ ") != std::string::npos) std::abort();

  auto parameters =
      Parameters::parse(request.query, {"limit", "before", "i", "p", "h"}, kQueryNames);
  if (!parameters) {
    if (parameters.error().message.empty()) std::abort();
    return 0;
  }
  if (const auto query = parse_query(*parameters); !query && query.error().parameter.empty())
    std::abort();
  (void)parameters->number("limit", 100, 1, 1000);
  (void)PacketFilter::names_in(parameters->pairs());
  (void)PacketFilter::parse(parameters->pairs());
  if (const auto id = ExchangeId::parse(request.query); id && ExchangeId::parse(id->text()) != id)
    std::abort();
  (void)contains(request.cookie, request.query);
  return 0;
}
