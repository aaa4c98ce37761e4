#pragma once

#include "engine/config.hpp"
#include "engine/memory_plan.hpp"
#include "engine/pipeline.hpp"

namespace xdpcap::engine {

// What the pipeline of one worker is made of: what the user wants, in the memory of the plan.
PipelineOptions pipeline_options(const Config& config, const MemoryPlan& plan,
                                 wire::ChecksumMode checksums, tcp::HashSeed hash_seed,
                                 std::size_t shard);

} // namespace xdpcap::engine
