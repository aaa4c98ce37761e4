#include "engine/engine.hpp"

// What the engine reports of a run while it goes on: a snapshot for people and for topic `stats`.
namespace xdpcap::engine {

std::vector<const Pipeline*> Engine::pipelines() const {
  std::vector<const Pipeline*> all;
  for (const auto& worker : workers_) all.push_back(worker->pipeline.get());
  return all;
}

Ledger Engine::ledger() const {
  std::optional<capture::LiveLedger> live;
  {
    const MutexLock lock{interfaces_mutex_};
    live = interfaces_;
  }
  Ledger ledger = make_ledger(pipelines(), live, log_.get(), host_.get());
  ledger.sinks = publisher_->report();
  return ledger;
}

void Engine::fill_stats(publish::StatsBuilder& stats) const {
  for (const record::Counter& count : ledger().counts)
    stats.add(count.name, count.value, count.interface, count.queue);
}

} // namespace xdpcap::engine
