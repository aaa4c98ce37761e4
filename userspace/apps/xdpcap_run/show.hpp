#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "apps/xdpcap_run/options.hpp"
#include "engine/ledger.hpp"

namespace xdpcap::run {

// Tasks that print something and end; each answers the exit code.
int show(const std::string& text);
int list_interfaces();
// The exit code that a start with the same options would end with at once, else 0.
int examine(const engine::Config& config);

// Bytes on the heap, of all threads. What stages reserve for themselves is not among them.
std::size_t heap_in_use();
// Prints the line that ends a measurement: how much, how fast, and by how much the heap grew.
void write_figures(const Options& options, const engine::Ledger& ledger,
                   std::chrono::nanoseconds took, std::size_t allocated);

} // namespace xdpcap::run
