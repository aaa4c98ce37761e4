#include "apps/xdpcap_run/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <thread>

#include "apps/xdpcap_run/manual.hpp"
#include "transport/curve.hpp"
#include "transport/endpoint.hpp"
#include "wire/filter.hpp"

namespace xdpcap::run {
namespace {

constexpr std::size_t kDatagramPayload = 256; // with --reveal

// What the command line fills in, before it is understood.
struct Words {
  std::vector<std::string> interfaces, hosts, tunnels_off, pub, push;
  std::vector<std::uint16_t> ports;
  codec::BodyFormat body = codec::BodyFormat::none;
  std::string curve_secret_key, curve_clients;
  std::uint64_t memory_limit = std::uint64_t{512} << 20;
  double sockets = 1;
  std::optional<std::size_t> udp_payload;
  unsigned workers = 0;
  bool list = false, doctor = false, copy = false, zero_copy = false, json = false,
       no_flows = false, no_tunnels = false;
};

void add_input(cli::CommandLine& line, Options& options, Words& words) {
  line.group("Where frames come from");
  engine::Config& config = options.config;
  line.option("-i,--interface", words.interfaces,
              "capture on this interface; IF:2 takes its first two receive queues, IF:0,2 these "
              "(repeatable)")
      .value_name("IF[:QUEUES]");
  line.option("-r,--read", config.read_file,
              "read a pcap or pcapng file instead ('-': standard input)")
      .value_name("FILE");
  line.option(
          "-w,--write", config.write_file,
          "also write the captured frames as pcapng: as sent, secrets included (needs --reveal)")
      .value_name("FILE");
  line.option("--repeat", config.repeat_count,
              "read FILE into memory, play it N times, and end with a line of figures (to measure)")
      .needs("--read")
      .excludes("--write")
      .value_name("N");
  line.option("-c,--count", config.frames_max, "stop after this many frames").value_name("COUNT");
  line.flag("-D,--list-interfaces", words.list, "list the interfaces and end");
  line.flag("--doctor", words.doctor,
            "examine the interface of -i, say what stands in the way and what cures it, and end");
  line.choice<capture::CaptureMode>(
      "--mode", config.live.mode,
      {{"auto", capture::CaptureMode::automatic},
       {"mirror", capture::CaptureMode::mirror},
       {"tap", capture::CaptureMode::tap}},
      "auto, mirror (a mirror port: frames are ours) or tap (a live host: it keeps its frames)");
  line.choice<capture::XdpMode>("--xdp", config.live.xdp,
                                {{"auto", capture::XdpMode::automatic},
                                 {"native", capture::XdpMode::native},
                                 {"generic", capture::XdpMode::generic}},
                                "auto, native or generic");
  line.flag("--copy", words.copy, "AF_XDP in copy mode only");
  line.flag("--zero-copy", words.zero_copy, "AF_XDP in zero-copy mode, or not at all")
      .excludes("--copy");
  line.flag("--busy-poll", config.live.busy_poll,
            "let workers drive the driver's queues themselves");
  line.flag("--steal", config.live.steal,
            "mirror mode even on the interface this host is reached by");
  line.option("--workers", words.workers, "threads (default: one for each core, at most 4)");
  line.choice<engine::HandOverMode>(
      "--hand-over", config.hand_over,
      {{"auto", engine::HandOverMode::automatic},
       {"on", engine::HandOverMode::on},
       {"off", engine::HandOverMode::off}},
      "auto, on or off: hand segments between workers where directions arrive apart");
}

void add_reading(cli::CommandLine& line, Options& options, Words& words) {
  line.group("What is read of them");
  engine::Config& config = options.config;
  line.option("--host", words.hosts,
              "only connections of these addresses: 10.0.0.0/8, 2001:db8::1 (repeatable)")
      .value_name("CIDR");
  line.option("--port", words.ports, "only connections of these ports (repeatable)");
  line.flag("--no-tunnels", words.no_tunnels, "open no tunnel at all");
  line.option("--no-tunnel", words.tunnels_off,
              "leave this kind closed: vlan, gre, vxlan, ... (repeatable)")
      .value_name("NAME");
  line.choice<wire::ChecksumMode>(
      "--checksums", config.checksums,
      {{"auto", wire::ChecksumMode::automatic},
       {"on", wire::ChecksumMode::on},
       {"off", wire::ChecksumMode::off}},
      "refuse segments with a wrong checksum; auto also asks for their acknowledgement");
  line.choice<tcp::OverlapPolicy>(
      "--overlap", config.overlap,
      {{"first", tcp::OverlapPolicy::first},
       {"bsd", tcp::OverlapPolicy::bsd},
       {"linux", tcp::OverlapPolicy::linux},
       {"last", tcp::OverlapPolicy::last}},
      "first, bsd, linux or last: which of two versions of early bytes is kept");
  line.size("--max-body", config.body_max, "keep at most this much of a body; the rest is counted");
  line.flag("--hash-bodies", config.hash_bodies,
            "add body_sha256, of the whole body whatever was kept");
  line.size("--memory-limit", words.memory_limit, "what the process may use in all");
}

void add_output(cli::CommandLine& line, Options& options, Words& words) {
  line.group("Where records go");
  engine::Config& config = options.config;
  line.option("--pub", words.pub,
              "publish on this ZeroMQ PUB endpoint (repeatable; default for root " +
                  transport::root_endpoint() + ")")
      .value_name("ENDPOINT");
  line.option("--push", words.push, "and on this PUSH endpoint (repeatable)")
      .value_name("ENDPOINT");
  line.flag("--insecure", config.outputs.insecure,
            "allow TCP endpoints beyond loopback without CURVE keys");
  line.option("--curve-secret-key-file,--curve-secret-key", words.curve_secret_key,
              "file with the secret key for TCP endpoints")
      .value_name("FILE");
  line.option("--curve-clients", words.curve_clients,
              "file with the public keys that may connect, one a line")
      .value_name("FILE");
  line.option("--queue", config.outputs.queue_batches,
              "batches that may wait for one subscriber (default: by --memory-limit)")
      .range(1, 1'000'000);
  line.choice<engine::Sink>(
      "--sink", config.sink,
      {{"null", engine::Sink::null}, {"encode", engine::Sink::encode}, {"zmq", engine::Sink::zmq}},
      "zmq, or to measure null (nothing is written) or encode (batches are thrown away)");
  line.flag("--json", words.json, "one JSON object a message on standard output instead of ZeroMQ");
  line.choice<codec::BodyFormat>("--body", words.body,
                                 {{"none", codec::BodyFormat::none},
                                  {"text", codec::BodyFormat::text},
                                  {"base64", codec::BodyFormat::base64}},
                                 "bodies in JSON: none, text or base64");
  line.choice<engine::SegmentTopic>(
      "--segments", config.segments,
      {{"off", engine::SegmentTopic::off},
       {"headers", engine::SegmentTopic::headers},
       {"payload", engine::SegmentTopic::payload}},
      "publish segments on topic tcp: off, headers or payload (needs --reveal)");
  line.flag("--udp", config.publish_datagrams,
            "capture UDP as well, and publish datagrams on topic udp");
  line.option("--udp-payload", words.udp_payload,
              "bytes of a datagram that are published, as sent (needs --reveal; default 256 "
              "with it, else 0)")
      .range(0, 65535)
      .value_name("N");
  line.option("--sockets", words.sockets,
              "report this host's sockets, their processes and its interfaces so often "
              "(default 1; 0: never)")
      .range(0.0, 3600.0)
      .value_name("SECONDS");
  line.choice<bool>("--sockets-of", config.sockets_of_host, {{"watched", false}, {"host", true}},
                    "watched (the network namespace of the interfaces) or host (all of this host)");
  line.flag("--no-flows", words.no_flows, "publish no connection records");
}

void add_secrets(cli::CommandLine& line, Options& options) {
  engine::Config& config = options.config;
  line.option("--mask", config.secrets.fields, "mask the values of this field too (repeatable)")
      .value_name("NAME");
  line.option("--mask-parameter", config.secrets.parameters,
              "mask the values of this name in addresses, bodies and command lines too "
              "(repeatable)")
      .value_name("NAME");
  line.flag("--reveal", config.reveal,
            "mask nothing: secrets in fields, addresses, bodies and command lines")
      .excludes("--mask")
      .excludes("--mask-parameter");
  line.flag("--community-id", config.community_id, "add the Community ID of each connection");
  line.option("--sensor", config.sensor,
              "name of this capture in every batch (default: the host's name)");
  line.option("--user", config.user,
              "become this user once everything is open (default in a service of systemd: "
              "xdpcap, if there is one)")
      .value_name("NAME");
  line.option("--pub-group", config.pub_group,
              "the group that may subscribe (default: that of the user of sudo, else xdpcap if "
              "there is one)")
      .value_name("NAME");
  line.flag("!--no-sandbox", config.sandbox,
            "leave out seccomp and Landlock, to trace the program; capabilities are given up "
            "all the same");
  line.flag("-q,--quiet", options.quiet, "say nothing but errors");
  line.flag("-v,--verbose", options.in_full, "print the whole ledger at the end");
}

Error usage(std::string message) {
  return {ExitCode::usage, std::move(message)};
}

std::optional<std::uint32_t> queue_number(std::string_view text) {
  constexpr std::uint32_t kQueuesMax = 4096;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number >= kQueuesMax)
    return std::nullopt;
  return number;
}

// IF, IF:2 (its first two receive queues), IF:1-3 or IF:0,2 (these).
Result<capture::LiveInterface, Error> parse_interface(const std::string& text) {
  capture::LiveInterface interface;
  const std::size_t colon = text.find(':');
  interface.name = text.substr(0, colon);
  if (interface.name.empty()) return usage("-i needs the name of an interface; -D lists them.");
  if (colon == std::string::npos) return interface;
  const std::string_view queues = std::string_view{text}.substr(colon + 1);
  const bool is_count = queues.find_first_of(",-") == std::string_view::npos;
  for (std::size_t at = 0; at <= queues.size();) {
    const std::size_t comma = std::min(queues.find(',', at), queues.size());
    const std::string_view part = queues.substr(at, comma - at);
    const std::size_t dash = std::min(part.find('-'), part.size());
    const auto from =
        is_count ? std::optional<std::uint32_t>{0} : queue_number(part.substr(0, dash));
    const auto last = queue_number(dash < part.size() ? part.substr(dash + 1) : part);
    if (!from || !last || *from > *last || (is_count && *last == 0)) {
      return usage(fmt::format(
          "'{}' names no receive queues; write {}:2 for the first two, {}:0,3 or {}:1-3 for these.",
          queues, interface.name, interface.name, interface.name));
    }
    for (std::uint32_t queue = *from; queue < *last + (is_count ? 0 : 1); ++queue)
      interface.queues.push_back(queue);
    at = comma + 1;
  }
  return interface;
}

Result<void, Error> understand_input(const Words& words, Options& options) {
  engine::Config& config = options.config;
  for (const std::string& text : words.interfaces) {
    auto interface = parse_interface(text);
    if (!interface) return std::move(interface).error();
    config.live.interfaces.push_back(std::move(*interface));
  }
  options.task = words.list ? Task::list_interfaces : words.doctor ? Task::doctor : Task::capture;
  if (options.task == Task::list_interfaces) return {};
  if (options.task == Task::doctor && words.interfaces.empty()) {
    return usage("--doctor examines an interface; name it with -i (-D lists them).");
  }
  if (config.read_file.empty() == words.interfaces.empty()) {
    return usage(
        words.interfaces.empty()
            ? "Nothing to capture from: give -i INTERFACE or -r FILE (-D lists interfaces)."
            : "-i and -r exclude each other: capture from interfaces or read a file.");
  }
  if (words.copy) config.live.copy = capture::CopyMode::copy;
  if (words.zero_copy) config.live.copy = capture::CopyMode::zero_copy;
  config.live.workers =
      words.workers != 0 ? words.workers : std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  for (const std::string& host : words.hosts) {
    auto network = wire::parse_network(host);
    if (!network) return std::move(network).error();
    config.filter.add_host(*network);
  }
  for (const std::uint16_t port : words.ports) config.filter.add_port(port);
  if (words.no_tunnels)
    config.tunnels = wire::TunnelSet::none().with(wire::Tunnel::vlan).with(wire::Tunnel::qinq);
  for (const std::string& name : words.tunnels_off) {
    const auto tunnel = wire::tunnel_named(name);
    if (!tunnel) {
      return usage(fmt::format("There is no tunnel '{}'; there are: {}.", name,
                               fmt::join(wire::tunnel_names, ", ")));
    }
    config.tunnels = config.tunnels.without(*tunnel);
  }
  config.live.tunnels = !words.no_tunnels;
  return {};
}

Result<transport::CurveServer, Error> curve_server(const Words& words) {
  transport::CurveServer server;
  auto secret = transport::read_key(words.curve_secret_key, true);
  if (!secret) return std::move(secret).error();
  server.secret_key = std::move(*secret);
  if (words.curve_clients.empty()) return server;
  auto clients = transport::read_keys(words.curve_clients);
  if (!clients) return std::move(clients).error();
  server.allowed_clients = std::move(*clients);
  return server;
}

// What goes out as it was sent cannot be masked, and so wants the word.
Result<void, Error> check_reveal(const Words& words, const engine::Config& config) {
  if (config.reveal) return {};
  if (config.segments == engine::SegmentTopic::payload)
    return usage(
        "--segments payload publishes what segments carry as it is, passwords and cookies "
        "included; add --reveal to "
        "allow that, or take --segments headers.");
  if (!config.write_file.empty())
    return usage(
        "-w writes frames as they are, passwords and cookies included; add --reveal to allow that, "
        "or record messages, "
        "which are masked (--json, or xdpcap-sub --har).");
  if (words.udp_payload.value_or(0) != 0)
    return usage(
        "--udp-payload publishes what datagrams carry as it is, passwords included; add --reveal "
        "to allow that, or "
        "leave it out: --udp then reports who sent how much to whom.");
  return {};
}

Result<void, Error> understand_output(const Words& words, Options& options) {
  engine::Config& config = options.config;
  config.memory_limit = words.memory_limit;
  config.publish_flows = !words.no_flows;
  config.sockets_period = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(words.sockets));
  if (auto checked = check_reveal(words, config); !checked) return checked;
  config.datagram_payload_max = words.udp_payload.value_or(config.reveal ? kDatagramPayload : 0);
  config.outputs.pub = words.pub;
  config.outputs.push = words.push;
  if (words.json) {
    config.outputs.json = publish::JsonOutput{.fd = STDOUT_FILENO, .options = {.body = words.body}};
    if (config.sink != engine::Sink::zmq) return usage("--json and --sink exclude each other.");
    if (config.write_file == "-")
      return usage("--json and -w - both want standard output; write the frames to a file.");
  } else if (words.pub.empty() && words.push.empty() && config.sink == engine::Sink::zmq) {
    config.outputs.pub.push_back(transport::default_bind_endpoint());
  }
  if (!words.curve_secret_key.empty()) {
    auto server = curve_server(words);
    if (!server) return std::move(server).error();
    config.outputs.curve = std::move(*server);
  }
  if (config.sensor.empty()) {
    char name[256] = "xdpcap";
    (void)::gethostname(name, sizeof name - 1);
    config.sensor = name;
  }
  return {};
}

} // namespace

std::variant<Options, cli::Shown, Error> parse_options(int argc, char** argv) {
  Options options;
  Words words;
  options.config.outputs.queue_batches = 0;
  cli::CommandLine line(
      "xdpcap-run",
      "Shows every HTTP conversation on a wire: captures with AF_XDP, rebuilds the messages, "
      "publishes them.",
      manual());
  line.allow_file_and_environment();
  line.stray_words(
      "filters are options here: --port 80, --host 10.0.0.0/8; an interface is -i IF, a file -r "
      "FILE");
  add_input(line, options, words);
  add_reading(line, options, words);
  add_output(line, options, words);
  add_secrets(line, options);
  line.footer(
      "Examples: xdpcap-run --doctor -i eth0; xdpcap-run -i eth0 --port 80 --json; xdpcap-run -r "
      "FILE --json\n"
      "Exit codes: 0 ok, 1 usage, 2 the environment refuses, 3 missing privilege, 4 input, 5 "
      "output.\n"
      "SIGINT and SIGTERM drain and report; SIGUSR1 reports and goes on, and so does SIGHUP "
      "without a terminal.");
  if (auto ended = line.parse<Options>(argc, argv)) return *std::move(ended);
  if (auto understood = understand_input(words, options); !understood)
    return std::move(understood).error();
  if (auto understood = understand_output(words, options); !understood)
    return std::move(understood).error();
  return options;
}

} // namespace xdpcap::run
