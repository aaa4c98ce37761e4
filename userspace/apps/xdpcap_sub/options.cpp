#include "apps/xdpcap_sub/options.hpp"

#include <fmt/format.h>

#include "apps/xdpcap_sub/manual.hpp"
#include "cli/wrong_use.hpp"

namespace xdpcap::sub {
namespace {

// What the command line fills in, before it is understood.
struct Words {
  std::vector<std::string> topics{"http"}, statuses;
  std::string body, min_latency, server_key, secret_key, keygen;
  std::optional<std::int64_t> count;
  double timeout = 0;
};

Error usage(std::string message) {
  return {ExitCode::usage, std::move(message)};
}

void declare(cli::CommandLine& line, Options& options, Words& words) {
  line.option("--connect", options.sources.connect,
              "subscribe here (repeatable; default: the local capture)")
      .value_name("ENDPOINT");
  line.option("--pull", options.sources.pull,
              "take a share of the work from a PUSH endpoint (repeatable)")
      .value_name("ENDPOINT");
  line.option("--topic", words.topics,
              "http, flow, tcp, udp, socket or stats (repeatable; default: http)")
      .value_name("TOPIC")
      .list();
  line.flag("--json", options.json,
            "one JSON object a line: an exchange, or a record of the topic");
  line.flag("--top", options.top, "who is asked how often, how slow, with how many errors")
      .excludes("--json");
  line.option("--har", options.har_file, "also write the exchanges as HAR 1.2").value_name("FILE");
  line.option("--body", words.body,
              "show bodies: text, base64 or none (default: none; for --har: text)");
  line.flag("-q,--quiet", options.quiet, "print only the totals, at the end");
  line.option("-n,--count", words.count, "end after this many messages").value_name("COUNT");
  line.option("--timeout", words.timeout, "end after so many seconds").value_name("SECONDS");
  line.flag("--until-end", options.until_end, "end when the capture does");
  line.option("--host", options.filter.hosts, "only this host; * and ? as in a shell")
      .group("Filters");
  line.option("--method", options.filter.methods, "only this method").list().group("Filters");
  line.option("--status", words.statuses, "only this status, as 404 or 5xx")
      .list()
      .group("Filters");
  line.option("--path", options.filter.paths,
              "only targets with this in them; with * the whole must match")
      .group("Filters");
  line.option("--min-latency", words.min_latency,
              "only what took this long to be answered, as 100ms or 2s")
      .group("Filters");
  line.option("--curve-server-key", words.server_key,
              "public key of the capture, for TCP endpoints")
      .value_name("FILE")
      .group("CURVE");
  line.option("--curve-secret-key-file", words.secret_key,
              "own secret key, where the capture has a list of clients")
      .value_name("FILE")
      .group("CURVE");
  line.option("--curve-keygen", words.keygen, "make NAME.secret and NAME.public, and end")
      .value_name("NAME")
      .group("CURVE");
  line.option("--queue", options.sources.queue_batches, "batches that may wait here (default 4096)")
      .range(1, 1'000'000);
  line.footer(
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

std::variant<Options, cli::Shown, Error> parse_options(int argc, char** argv) {
  Options options;
  Words words;
  cli::CommandLine line(
      "xdpcap-sub", "Shows what xdpcap-run publishes: requests with their responses and latency.",
      manual());
  declare(line, options, words);
  if (auto ended = line.parse<Options>(argc, argv)) return *std::move(ended);
  if (!words.keygen.empty()) {
    if (auto made = transport::generate_keys(words.keygen); !made) return std::move(made).error();
    return cli::Shown{
        fmt::format("{0}.secret stays here; {0}.public is for the other side\n", words.keygen)};
  }
  if (auto error = understand(words, options)) return *std::move(error);
  return options;
}

} // namespace xdpcap::sub
