#include "engine/pipeline_options.hpp"

namespace xdpcap::engine {

PipelineOptions pipeline_options(const Config& config, const MemoryPlan& plan,
                                 wire::ChecksumMode checksums, tcp::HashSeed hash_seed,
                                 std::size_t shard) {
  PipelineOptions options;
  options.decode.tunnels = config.tunnels;
  options.decode.checksums = checksums;
  options.decode.fragment_bytes = plan.fragments;
  options.filter = config.filter;
  options.tracker.flows_max = plan.flows;
  options.tracker.half_open_max = plan.half_open;
  options.tracker.ended_max = plan.flows / 2;
  options.tracker.reassembly = {
      .out_of_order_bytes = plan.out_of_order_store / 8 * 7, // the rest is for what was delivered
      .delivered_log_bytes = plan.out_of_order_store / 8,
      .out_of_order_bytes_max = plan.out_of_order_bytes_max,
      .overlap = config.overlap};
  options.tracker.hash_seed = hash_seed;
  options.tracker.first_flow_id = (std::uint64_t{shard} << 48) + 1;
  options.http = {.body_kept_max = plan.body_max,
                  .head_bytes_max = config.head_max,
                  .hash_bodies = config.hash_bodies};
  options.http_memory = plan.http;
  options.publish_flows = config.publish_flows;
  options.segments = config.segments;
  options.decode.datagrams = options.publish_datagrams = config.publish_datagrams;
  options.datagram_payload_max = config.datagram_payload_max;
  return options;
}

} // namespace xdpcap::engine
