#include "apps/xdpcap_web/manual.hpp"

namespace xdpcap::web {
namespace {

constexpr std::string_view kDescription =
    R"(xdpcap-web subscribes to one or more captures and serves a live dashboard, a JSON API
with event streams, Prometheus metrics and, on request, gRPC. It needs no privilege and may run
on another machine than the capture.

Every request needs a token. Without --token-file a token is made at each start, and the program
prints a link that contains it. Programs send it as Authorization: Bearer TOKEN.

Beyond loopback the gateway needs --tls-cert and --tls-key, or --insecure.

--history keeps exchanges in a SQLite file for search after the fact.)";

} // namespace

cli::ManPage manual() {
  return {.brief = "serve what xdpcap-run publishes to browsers",
          .description = kDescription,
          .exit_codes = {ExitCode::ok, ExitCode::usage, ExitCode::environment, ExitCode::privilege,
                         ExitCode::output},
          .environment = {{"XDG_RUNTIME_DIR", "Where a capture of this user is looked for."}},
          .examples = {{"xdpcap-web",
                        "Serve the local capture on 127.0.0.1:8080, then open the printed link:"},
                       {"xdpcap-web --history history.db --history-size 4G",
                        "Keep exchanges on disk, in at most 4 GiB:"},
                       {"curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/api/stats",
                        "Ask the API for the ledger:"}},
          .see_also = {"xdpcap-run(1)", "xdpcap-sub(1)", "curl(1)"}};
}

} // namespace xdpcap::web
