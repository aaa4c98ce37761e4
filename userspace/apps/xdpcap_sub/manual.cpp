#include "apps/xdpcap_sub/manual.hpp"

namespace xdpcap::sub {
namespace {

constexpr std::string_view kDescription =
    R"(xdpcap-sub subscribes to a capture and prints each HTTP request with its response: time,
client, method, status, latency, size and address. It needs no privilege.

Without --connect it looks for a capture of this user, then for that of root. It refuses an
endpoint that another user could replace.

All filters must match. They hold for a request and its response together.

Exchanges do not name processes, because the kernel may report a socket after its exchange was
printed. With --topic http,socket --json the records of sockets, which have their process, are in
the same output: join them by the addresses of client and server. xdpcap-web does so.

A consumer that is too slow loses batches of its own. At the end the program prints how many.)";

} // namespace

cli::ManPage manual() {
  return {.brief = "show what xdpcap-run publishes",
          .description = kDescription,
          .exit_codes = {ExitCode::ok, ExitCode::usage, ExitCode::output},
          .environment = {{"NO_COLOR", "If it is set and not empty, the output has no colours."},
                          {"XDG_RUNTIME_DIR", "Where a capture of this user is looked for."}},
          .examples = {{"xdpcap-sub --host shop.example --status 5xx --min-latency 100ms",
                        "Show the slow errors of one host:"},
                       {"xdpcap-sub --json | jq -r '[.status, .latency_ms, .url] | @tsv'",
                        "Print one JSON object a line, and pick fields of it:"},
                       {"xdpcap-sub --har session.har -n 1000",
                        "Save 1,000 messages for developer tools:"},
                       {"xdpcap-sub --top", "Show who is slow and who fails:"}},
          .see_also = {"xdpcap-run(1)", "xdpcap-web(1)", "jq(1)"}};
}

} // namespace xdpcap::sub
