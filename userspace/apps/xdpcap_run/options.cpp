#include "apps/xdpcap_run/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <thread>

#include "apps/xdpcap_run/manual.hpp"
#include "cli/environment.hpp"
#include "cli/wrong_use.hpp"
#include "transport/curve.hpp"
#include "transport/endpoint.hpp"
#include "wire/filter.hpp"

namespace xdpcap::run {
namespace {

constexpr std::size_t kDatagramPayload = 256; // with --reveal

// What CLI11 fills in, before it is understood.
struct Words {
  std::vector<std::string> interfaces, hosts, tunnels_off, pub, push;
  std::vector<std::uint16_t> ports;
  std::string segments = "off";
  codec::BodyFormat body = codec::BodyFormat::none;
  std::string curve_secret_key, curve_clients;
  std::uint64_t memory_limit = std::uint64_t{512} << 20;
  double sockets = 1;
  std::optional<std::size_t> udp_payload;
  unsigned workers = 0;
  bool list = false, doctor = false, copy = false, zero_copy = false, json = false,
       no_flows = false, no_tunnels = false, man = false;
};

// A repeatable option takes one word: what follows is no further one.
void limit_to_one_word(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 1) option->allow_extra_args(false);
  }
}

// A name for a number, which the library then makes the enumerator.
template <class Value>
CLI::Validator one_of(std::map<std::string, Value> names) {
  const auto look_up = [names = std::move(names)](std::string& text) -> std::string {
    const auto found = names.find(CLI::detail::to_lower(text));
    if (found == names.end()) {
      std::vector<std::string> known;
      for (const auto& [name, value] : names) known.push_back(name);
      return fmt::format("'{}' is none of {}{}", text, fmt::join(known, ", "),
                         cli::did_you_mean(text, known));
    }
    text = std::to_string(static_cast<unsigned>(found->second));
    return {};
  };
  return CLI::Validator(look_up, "");
}

void add_input(CLI::App& app, Options& options, Words& words) {
  app.option_defaults()->group("Where frames come from");
  engine::Config& config = options.config;
  app.add_option("-i,--interface", words.interfaces,
                 "capture on this interface; IF:2 takes its first two receive queues, IF:0,2 these "
                 "(repeatable)")
      ->type_name("IF[:QUEUES]");
  app.add_option("-r,--read", config.read_file,
                 "read a pcap or pcapng file instead ('-': standard input)")
      ->type_name("FILE");
  app.add_option(
         "-w,--write", config.write_file,
         "also write the captured frames as pcapng: as sent, secrets included (needs --reveal)")
      ->type_name("FILE");
  app.add_option(
         "--repeat", config.repeat_count,
         "read FILE into memory, play it N times, and end with a line of figures (to measure)")
      ->needs("--read")
      ->excludes("--write")
      ->type_name("N");
  app.add_option("-c,--count", config.frames_max, "stop after this many frames")
      ->type_name("COUNT");
  app.add_flag("-D,--list-interfaces", words.list, "list the interfaces and end");
  app.add_flag(
      "--doctor", words.doctor,
      "examine the interface of -i, say what stands in the way and what cures it, and end");
  app.add_option(
         "--mode", config.live.mode,
         "auto, mirror (a mirror port: frames are ours) or tap (a live host: it keeps its frames)")
      ->transform(one_of<capture::CaptureMode>({{"auto", capture::CaptureMode::automatic},
                                                {"mirror", capture::CaptureMode::mirror},
                                                {"tap", capture::CaptureMode::tap}}))
      ->type_name("auto|mirror|tap");
  app.add_option("--xdp", config.live.xdp, "auto, native or generic")
      ->transform(one_of<capture::XdpMode>({{"auto", capture::XdpMode::automatic},
                                            {"native", capture::XdpMode::native},
                                            {"generic", capture::XdpMode::generic}}))
      ->type_name("auto|native|generic");
  app.add_flag("--copy", words.copy, "AF_XDP in copy mode only");
  app.add_flag("--zero-copy", words.zero_copy, "AF_XDP in zero-copy mode, or not at all")
      ->excludes("--copy");
  app.add_flag("--busy-poll", config.live.busy_poll,
               "let workers drive the driver's queues themselves");
  app.add_flag("--steal", config.live.steal,
               "mirror mode even on the interface this host is reached by");
  app.add_option("--workers", words.workers, "threads (default: one for each core, at most 4)");
  app.add_option("--hand-over", config.hand_over,
                 "auto, on or off: hand segments between workers where directions arrive apart")
      ->transform(one_of<engine::HandOverMode>({{"auto", engine::HandOverMode::automatic},
                                                {"on", engine::HandOverMode::on},
                                                {"off", engine::HandOverMode::off}}))
      ->type_name("auto|on|off");
}

void add_reading(CLI::App& app, Options& options, Words& words) {
  app.option_defaults()->group("What is read of them");
  engine::Config& config = options.config;
  app.add_option("--host", words.hosts,
                 "only connections of these addresses: 10.0.0.0/8, 2001:db8::1 (repeatable)")
      ->type_name("CIDR");
  app.add_option("--port", words.ports, "only connections of these ports (repeatable)");
  app.add_flag("--no-tunnels", words.no_tunnels, "open no tunnel at all");
  app.add_option("--no-tunnel", words.tunnels_off,
                 "leave this kind closed: vlan, gre, vxlan, ... (repeatable)")
      ->type_name("NAME");
  app.add_option("--checksums", config.checksums,
                 "refuse segments with a wrong checksum; auto also asks for their acknowledgement")
      ->transform(one_of<wire::ChecksumMode>({{"auto", wire::ChecksumMode::automatic},
                                              {"on", wire::ChecksumMode::on},
                                              {"off", wire::ChecksumMode::off}}))
      ->type_name("auto|on|off");
  app.add_option("--overlap", config.overlap,
                 "first, bsd, linux or last: which of two versions of early bytes is kept")
      ->transform(one_of<tcp::OverlapPolicy>({{"first", tcp::OverlapPolicy::first},
                                              {"bsd", tcp::OverlapPolicy::bsd},
                                              {"linux", tcp::OverlapPolicy::linux},
                                              {"last", tcp::OverlapPolicy::last}}))
      ->type_name("first|bsd|linux|last");
  app.add_option("--max-body", config.body_max,
                 "keep at most this much of a body; the rest is counted")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  app.add_flag("--hash-bodies", config.hash_bodies,
               "add body_sha256, of the whole body whatever was kept");
  app.add_option("--memory-limit", words.memory_limit, "what the process may use in all")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
}

void add_output(CLI::App& app, Options& options, Words& words) {
  app.option_defaults()->group("Where records go");
  engine::Config& config = options.config;
  app.add_option("--pub", words.pub,
                 "publish on this ZeroMQ PUB endpoint (repeatable; default for root " +
                     transport::root_endpoint() + ")")
      ->type_name("ENDPOINT");
  app.add_option("--push", words.push, "and on this PUSH endpoint (repeatable)")
      ->type_name("ENDPOINT");
  app.add_flag("--insecure", config.outputs.insecure,
               "allow TCP endpoints beyond loopback without CURVE keys");
  app.add_option("--curve-secret-key-file,--curve-secret-key", words.curve_secret_key,
                 "file with the secret key for TCP endpoints")
      ->type_name("FILE");
  app.add_option("--curve-clients", words.curve_clients,
                 "file with the public keys that may connect, one a line")
      ->type_name("FILE");
  app.add_option("--queue", config.outputs.queue_batches,
                 "batches that may wait for one subscriber (default: by --memory-limit)")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--sink", config.sink,
                 "zmq, or to measure null (nothing is written) or encode (batches are thrown away)")
      ->transform(one_of<engine::Sink>({{"null", engine::Sink::null},
                                        {"encode", engine::Sink::encode},
                                        {"zmq", engine::Sink::zmq}}))
      ->type_name("null|encode|zmq");
  app.add_flag("--json", words.json,
               "one JSON object a message on standard output instead of ZeroMQ");
  app.add_option("--body", words.body, "bodies in JSON: none, text or base64")
      ->transform(one_of<codec::BodyFormat>({{"none", codec::BodyFormat::none},
                                             {"text", codec::BodyFormat::text},
                                             {"base64", codec::BodyFormat::base64}}))
      ->type_name("none|text|base64");
  app.add_option("--segments", words.segments,
                 "publish segments on topic tcp: off, headers or payload (needs --reveal)")
      ->check(CLI::IsMember({"off", "headers", "payload"}))
      ->type_name("off|headers|payload");
  app.add_flag("--udp", config.publish_datagrams,
               "capture UDP as well, and publish datagrams on topic udp");
  app.add_option("--udp-payload", words.udp_payload,
                 "bytes of a datagram that are published, as sent (needs --reveal; default 256 "
                 "with it, else 0)")
      ->check(CLI::Range(0, 65535))
      ->type_name("N");
  app.add_option("--sockets", words.sockets,
                 "report this host's sockets, their processes and its interfaces so often "
                 "(default 1; 0: never)")
      ->check(CLI::Range(0.0, 3600.0))
      ->type_name("SECONDS");
  app.add_option("--sockets-of", config.sockets_of_host,
                 "watched (the network namespace of the interfaces) or host (all of this host)")
      ->transform(one_of<bool>({{"watched", false}, {"host", true}}))
      ->type_name("watched|host");
  app.add_flag("--no-flows", words.no_flows, "publish no connection records");
}

void add_secrets(CLI::App& app, Options& options) {
  engine::Config& config = options.config;
  CLI::Option* const mask = app.add_option("--mask", config.secrets.fields,
                                           "mask the values of this field too (repeatable)")
                                ->type_name("NAME");
  CLI::Option* const mask_parameter =
      app.add_option("--mask-parameter", config.secrets.parameters,
                     "mask the values of this name in addresses, bodies and command lines too "
                     "(repeatable)")
          ->type_name("NAME");
  app.add_flag("--reveal", config.reveal,
               "mask nothing: secrets in fields, addresses, bodies and command lines")
      ->excludes(mask)
      ->excludes(mask_parameter);
  app.add_flag("--community-id", config.community_id, "add the Community ID of each connection");
  app.add_option("--sensor", config.sensor,
                 "name of this capture in every batch (default: the host's name)");
  app.add_option("--user", config.user,
                 "become this user once everything is open (default in a service of systemd: "
                 "xdpcap, if there is one)")
      ->type_name("NAME");
  app.add_option("--pub-group", config.pub_group,
                 "the group that may subscribe (default: that of the user of sudo, else xdpcap if "
                 "there is one)")
      ->type_name("NAME");
  app.add_flag("!--no-sandbox", config.sandbox,
               "leave out seccomp and Landlock, to trace the program; capabilities are given up "
               "all the same");
  app.add_flag("-q,--quiet", options.quiet, "say nothing but errors");
  app.add_flag("-v,--verbose", options.in_full, "print the whole ledger at the end");
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
  config.segments = words.segments == "headers"   ? engine::SegmentTopic::headers
                    : words.segments == "payload" ? engine::SegmentTopic::payload
                                                  : engine::SegmentTopic::off;
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

std::variant<Options, Shown, Error> parse_options(int argc, char** argv) {
  Options options;
  Words words;
  options.config.outputs.queue_batches = 0;
  CLI::App app{
      "Shows every HTTP conversation on a wire: captures with AF_XDP, rebuilds the messages, "
      "publishes them.",
      "xdpcap-run"};
  app.set_version_flag("--version", "xdpcap " XDPCAP_VERSION);
  app.set_config("--config", "", "read options from this TOML file; names as on the command line")
      ->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_flag("--man", words.man, "print the manual page and end (xdpcap-run --man | man -l -)");
  app.get_formatter()->column_width(32);
  add_input(app, options, words);
  add_reading(app, options, words);
  add_output(app, options, words);
  add_secrets(app, options);
  limit_to_one_word(app);
  cli::name_environment(app);
  cli::refuse_negative_numbers(app);
  app.footer(
      "Examples: xdpcap-run --doctor -i eth0; xdpcap-run -i eth0 --port 80 --json; xdpcap-run -r "
      "FILE --json\n"
      "Exit codes: 0 ok, 1 usage, 2 the environment refuses, 3 missing privilege, 4 input, 5 "
      "output.\n"
      "SIGINT and SIGTERM drain and report; SIGUSR1 reports and goes on, and so does SIGHUP "
      "without a terminal.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Shown{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Shown{app.version() + "\n"};
  } catch (const CLI::ExtrasError& error) {
    const std::vector<std::string> extra = app.remaining();
    const bool is_words = std::none_of(extra.begin(), extra.end(),
                                       [](const auto& word) { return word.starts_with('-'); });
    if (!is_words || extra.empty()) return usage(cli::complaint(app, error));
    return usage(
        fmt::format("'{}' stands alone; filters are options here: --port 80, --host 10.0.0.0/8; an "
                    "interface is -i IF, "
                    "a file -r FILE",
                    fmt::join(extra, " ")));
  } catch (const CLI::ParseError& error) {
    return usage(cli::complaint(app, error));
  }
  if (words.man) return Shown{manual(app)};
  if (auto understood = understand_input(words, options); !understood)
    return std::move(understood).error();
  if (auto understood = understand_output(words, options); !understood)
    return std::move(understood).error();
  return options;
}

} // namespace xdpcap::run
