#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apps/xdpcap_web/store/connection.hpp"
#include "apps/xdpcap_web/store/exchange.hpp"
#include "codec/json_object.hpp"

// The shapes of README.md, appended to a string. Whatever was captured comes out as valid JSON:
// bytes of heads one character each, names and bodies as UTF-8 where they are UTF-8.
namespace xdpcap::web {

// A JSON object with the few more kinds of value that the API has.
class JsonObject : public codec::json::Object {
 public:
  using Object::Object;

  void null(std::string_view name) { member(name) += "null"; }
  // Milliseconds with up to six digits behind the point.
  void ms(std::string_view name, std::uint64_t ns);
  void ms_or_null(std::string_view name, std::uint64_t ns) { ns == 0 ? null(name) : ms(name, ns); }
  void number_or_null(std::string_view name, std::uint64_t value) {
    value == 0 ? null(name) : number(name, value);
  }
  void real(std::string_view name, double value);
  // Text of this host: UTF-8 where it is.
  void words(std::string_view name, std::string_view value);
  void words_or_null(std::string_view name, std::string_view value) {
    value.empty() ? null(name) : words(name, value);
  }
};

void append_real(std::string& out, double value);                     // null where it is no number
void append_process(std::string& out, const ProcessPointer& process); // or null

// The names of the anomalies as an array, without `interim`, which shows by its status.
void append_flags(std::string& out, std::uint64_t anomalies);

// The members of an `Exchange` of the contract, and the whole of it.
void append_exchange_members(JsonObject& object, const Exchange& exchange, const Ends& ends);
void append_exchange(std::string& out, const Exchange& exchange, const Ends& ends);
// One exchange with its halves; `connection` may be missing. `raw`: bodies are left as they came.
void append_exchange_in_full(std::string& out, const Exchange& exchange, const Ends& ends,
                             const Connection* connection, bool raw);
// A `Connection` of the contract, with its course where asked for.
void append_connection(std::string& out, const Connection& connection, bool with_course);

} // namespace xdpcap::web
