#include "apps/xdpcap_web/store/exchange.hpp"

#include "codec/batch_view.hpp"

namespace xdpcap::web {

std::optional<std::uint64_t> Exchange::latency_ns() const noexcept {
  if (!request || !response) return std::nullopt;
  return response->first_byte_ns() > request->last_byte_ns()
             ? response->first_byte_ns() - request->last_byte_ns()
             : 0;
}

consume::ExchangeFacts Exchange::facts() const noexcept {
  consume::ExchangeFacts facts{.has_request = bool(request), .has_response = bool(response)};
  if (request) {
    facts.host = codec::field_named(*request, "host");
    facts.method = codec::text_in(request->head(), request->method());
    facts.target = codec::text_in(request->head(), request->target());
  }
  if (response) facts.status = response->status();
  facts.latency_ns = latency_ns();
  return facts;
}

consume::Exchange Exchange::with_contents() const {
  const consume::Keep keep{.contents = true};
  consume::Exchange seen;
  if (request) seen.request = consume::see(*request, id.connection.source, keep);
  if (response) seen.response = consume::see(*response, id.connection.source, keep);
  return seen;
}

} // namespace xdpcap::web
