#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.hpp"
#include "consume/receiver.hpp"
#include "core/error.hpp"

namespace xdpcap::web {

struct Options {
  consume::Sources sources;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  bool loopback = true;                 // the address is of this machine's own
  std::string token;                    // that every request has to bring
  std::string token_file;               // where it is from; empty: it was made for this run
  std::string tls_certificate, tls_key; // PEM files; empty: in clear
  std::vector<std::string> origins;     // whose pages may read the API
  std::vector<std::string> hosts;       // names by which browsers may call this gateway
  std::uint64_t minutes = 10;
  std::size_t memory = std::size_t{96} << 20;
  std::string history_file;
  std::uint64_t history_size = std::uint64_t{1} << 30;
  std::string rules_file;
  std::string grpc; // ADDRESS:PORT; empty: off
  std::string user; // to become, where root starts it
  std::size_t streams_max = 512;
};

// Text to print instead of running, or what to run, or why not.
std::variant<Options, cli::Shown, Error> parse_options(int argc, char** argv);

} // namespace xdpcap::web
