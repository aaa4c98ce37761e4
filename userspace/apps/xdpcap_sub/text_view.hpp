#pragma once

#include <string>

#include "apps/xdpcap_sub/terminal.hpp"
#include "codec/json.hpp"
#include "consume/seen.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::sub {

using consume::Exchange;
using consume::Seen;

class Row;

// Lines for people: one for each exchange, columns aligned, none wider than the terminal. All
// append to `out`.
class TextView {
 public:
  TextView(Terminal terminal, codec::BodyFormat body) : terminal_(terminal), body_(body) {}

  // What is added from now on is for a terminal of this size.
  void resize(const Terminal& terminal) { terminal_ = terminal; }
  void add_heading(std::string& out) const;
  void add(std::string& out, const Exchange& exchange) const;
  void add(std::string& out, const schema::FlowRecord& record) const;
  void add(std::string& out, const schema::SegmentRecord& record) const;
  void add(std::string& out, const schema::DatagramRecord& record) const;
  void add(std::string& out, const schema::SocketRecord& record) const;
  void add(std::string& out, const schema::InterfaceRecord& record) const;
  void add(std::string& out, const schema::StatsRecord& record) const;
  // All records of a batch, but HTTP messages: these are shown as exchanges.
  void add(std::string& out, const schema::Batch& batch) const;

 private:
  [[nodiscard]] std::string coloured(std::string text, const char* colour) const;
  void add_address(Row& row, const Exchange& exchange) const;
  void add_body(std::string& out, const Seen& message) const;

  Terminal terminal_;
  codec::BodyFormat body_;
};

} // namespace xdpcap::sub
