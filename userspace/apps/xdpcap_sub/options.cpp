#include "apps/xdpcap_sub/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/xdpcap_sub/manual.hpp"
#include "cli/wrong_use.hpp"

namespace xdpcap::sub {
namespace {

// What CLI11 fills in, before it is understood.
struct Words {
  std::vector<std::string> topics{"http"}, statuses;
  std::string body, min_latency, server_key, secret_key, keygen;
  std::optional<std::int64_t> count;
  double timeout = 0;
  bool man = false;
};

Error usage(std::string message) {
  return {ExitCode::usage, std::move(message)};
}

void declare(CLI::App& app, Options& options, Words& words) {
  app.add_option("--connect", options.sources.connect,
                 "subscribe here (repeatable; default: the local capture)")
      ->type_name("ENDPOINT");
  app.add_option("--pull", options.sources.pull,
                 "take a share of the work from a PUSH endpoint (repeatable)")
      ->type_name("ENDPOINT");
  app.add_option("--topic", words.topics,
                 "http, flow, tcp, udp, socket or stats (repeatable; default: http)")
      ->type_name("TOPIC")
      ->delimiter(',');
  auto* json = app.add_flag("--json", options.json,
                            "one JSON object a line: an exchange, or a record of the topic");
  auto* top =
      app.add_flag("--top", options.top, "who is asked how often, how slow, with how many errors");
  json->excludes(top);
  app.add_option("--har", options.har_file, "also write the exchanges as HAR 1.2")
      ->type_name("FILE");
  app.add_option("--body", words.body,
                 "show bodies: text, base64 or none (default: none; for --har: text)");
  app.add_flag("-q,--quiet", options.quiet, "print only the totals, at the end");
  app.add_option("-n,--count", words.count, "end after this many messages")->type_name("COUNT");
  app.add_option("--timeout", words.timeout, "end after so many seconds")->type_name("SECONDS");
  app.add_flag("--until-end", options.until_end, "end when the capture does");
  app.add_option("--host", options.filter.hosts, "only this host; * and ? as in a shell")
      ->group("Filters");
  app.add_option("--method", options.filter.methods, "only this method")
      ->delimiter(',')
      ->group("Filters");
  app.add_option("--status", words.statuses, "only this status, as 404 or 5xx")
      ->delimiter(',')
      ->group("Filters");
  app.add_option("--path", options.filter.paths,
                 "only targets with this in them; with * the whole must match")
      ->group("Filters");
  app.add_option("--min-latency", words.min_latency,
                 "only what took this long to be answered, as 100ms or 2s")
      ->group("Filters");
  app.add_option("--curve-server-key", words.server_key,
                 "public key of the capture, for TCP endpoints")
      ->type_name("FILE")
      ->group("CURVE");
  app.add_option("--curve-secret-key-file", words.secret_key,
                 "own secret key, where the capture has a list of clients")
      ->type_name("FILE")
      ->group("CURVE");
  app.add_option("--curve-keygen", words.keygen, "make NAME.secret and NAME.public, and end")
      ->type_name("NAME")
      ->group("CURVE");
  app.add_option("--queue", options.sources.queue_batches,
                 "batches that may wait here (default 4096)")
      ->check(CLI::Range(1, 1'000'000));
  app.footer(
      "Filters hold for a request and its response together. Exit codes: 0 ok, 1 usage, 5 output.");
}

std::optional<Error> understand(const Words& words, Options& options) {
  options.sources.topics.clear();
  for (const std::string& name : words.topics) {
    const auto topic = codec::topic_named(name);
    if (!topic)
      return usage(fmt::format(
          "there is no topic '{}': {} are published{}", name, fmt::join(codec::kTopicNames, ", "),
          cli::did_you_mean(name, {codec::kTopicNames.begin(), codec::kTopicNames.end()})));
    options.sources.topics.push_back(*topic);
  }
  for (const std::string& status : words.statuses) {
    if (!consume::is_status_pattern(status))
      return usage(
          fmt::format("'{}' is no status: write a number as 404, or a class, 1xx to 5xx", status));
  }
  options.filter.statuses = words.statuses;
  if (!words.min_latency.empty()) {
    auto duration = consume::parse_duration_ns(words.min_latency);
    if (!duration) return std::move(duration).error();
    options.filter.min_latency_ns = *duration;
  }
  if (!words.body.empty()) {
    options.body = codec::body_format_named(words.body);
    if (!options.body)
      return usage(fmt::format("--body {}: write text, base64 or none", words.body));
  }
  if (words.count) {
    if (*words.count < 1)
      return usage("-n wants a number of messages, 1 or more; without it there is no end");
    options.count_max = static_cast<std::uint64_t>(*words.count);
  }
  if (words.timeout < 0) return usage("--timeout wants a number of seconds");
  if (words.timeout > 0) options.timeout = std::chrono::duration<double>(words.timeout);
  if (auto configured = consume::configure(options.sources, words.server_key, words.secret_key);
      !configured)
    return std::move(configured).error();
  return std::nullopt;
}

} // namespace

std::variant<Options, Shown, Error> parse_options(int argc, char** argv) {
  Options options;
  Words words;
  CLI::App app{"Shows what xdpcap-run publishes: requests with their responses and latency.",
               "xdpcap-sub"};
  app.set_version_flag("--version", "xdpcap " XDPCAP_VERSION);
  app.add_flag("--man", words.man, "print the manual page and end (xdpcap-sub --man | man -l -)");
  app.get_formatter()->column_width(36);
  declare(app, options, words);
  cli::refuse_negative_numbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Shown{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Shown{app.version() + "\n"};
  } catch (const CLI::ParseError& error) {
    return usage(cli::complaint(app, error));
  }
  if (words.man) return Shown{manual(app)};
  if (!words.keygen.empty()) {
    if (auto made = transport::generate_keys(words.keygen); !made) return std::move(made).error();
    return Shown{
        fmt::format("{0}.secret stays here; {0}.public is for the other side\n", words.keygen)};
  }
  if (auto error = understand(words, options)) return *std::move(error);
  return options;
}

} // namespace xdpcap::sub
