#include "apps/xdpcap_run/manual.hpp"

namespace xdpcap::run {
namespace {

constexpr std::string_view kDescription =
    R"(xdpcap-run captures TCP frames of network interfaces, or reads a capture file. It follows
each connection, rebuilds every HTTP/1 message and publishes it over ZeroMQ, or as JSON lines.

In tap mode the host keeps its traffic: frames are cloned. In mirror mode XDP takes the matching
frames away, so use it on a mirror (SPAN) port. --mode auto, the default, chooses mirror only
where nothing of this host uses the interface.

Secrets in header fields, addresses, bodies and command lines are masked unless --reveal is given.
Every frame and message is counted in a ledger, which is printed at the end.

SIGINT and SIGTERM stop the capture: what was received is processed and reported. SIGUSR1 prints
the counts and goes on, and so does SIGHUP without a terminal.

Capturing needs root, or the capabilities CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON and
CAP_IPC_LOCK, and CAP_SYS_ADMIN for tap mode. Reading a file needs no privilege.

--config reads a TOML file with the long options as keys. The command line wins over the file, and
the file over the environment.)";

} // namespace

cli::ManPage manual() {
  return {
      .brief = "capture HTTP conversations with AF_XDP and publish them",
      .description = kDescription,
      .exit_codes = {ExitCode::ok, ExitCode::usage, ExitCode::environment, ExitCode::privilege,
                     ExitCode::input, ExitCode::output},
      .environment = {{"SUDO_GID",
                       "The group that may subscribe, where --pub-group does not name it."},
                      {"XDG_RUNTIME_DIR",
                       "Where the default endpoint of a user other than root is."}},
      .examples =
          {{"xdpcap-run --doctor -i eth0", "Show what stands in the way of a capture on eth0:"},
           {"xdpcap-run -i eth0", "Capture eth0 and publish for xdpcap-sub and xdpcap-web:"},
           {"xdpcap-run -i eth0 --port 80 --json", "Print the messages of port 80 as JSON lines:"},
           {"xdpcap-run -r traffic.pcapng --json", "Read a capture file, without any privilege:"}},
      .see_also = {"xdpcap-sub(1)", "xdpcap-web(1)", "tcpdump(8)", "capabilities(7)", "jq(1)"}};
}

} // namespace xdpcap::run
