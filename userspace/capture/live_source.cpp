#include "capture/live_source.hpp"

#include <algorithm>
#include <thread>

#include "capture/frame_source.hpp"
#include "core/check.hpp"

namespace xdpcap::capture {

namespace {
// At most 20,000 wake-ups a second. A first frame after a silence is not delayed.
constexpr std::chrono::microseconds kModeration{50};
} // namespace

static_assert(FrameSource<LiveSource>);

LiveSource::LiveSource(std::vector<XskSource*> sources) : sources_(std::move(sources)) {
  XDPCAP_CHECK(!sources_.empty());
  for (const XskSource* source : sources_) events_.push_back({source->fd(), POLLIN, 0});
}

LiveSource::Burst LiveSource::receive() noexcept {
  if (!is_ready()) moderate();
  if (sources_.size() == 1) [[likely]]
    return sources_.front()->receive();
  if (XskSource* source = ready()) return source->receive(0);
  ::poll(events_.data(), events_.size(), XskSource::default_timeout_ms);
  if (XskSource* source = ready()) return source->receive(0);
  return unfinished().receive(
      0); // an empty burst, which has the time and detects a removed interface
}

void LiveSource::moderate() noexcept {
  std::this_thread::sleep_until(next_look_);
  next_look_ = std::chrono::steady_clock::now() + kModeration;
}

bool LiveSource::is_ready() const noexcept {
  return std::any_of(sources_.begin(), sources_.end(),
                     [](XskSource* source) { return source->is_ready(); });
}

bool LiveSource::finished() const noexcept {
  return std::all_of(sources_.begin(), sources_.end(),
                     [](const XskSource* source) { return source->finished(); });
}

XskSource* LiveSource::ready() noexcept {
  for (std::size_t step = 0; step < sources_.size(); ++step) {
    XskSource* source = sources_[next_];
    next_ = (next_ + 1) % sources_.size();
    if (source->is_ready()) return source;
  }
  return nullptr;
}

XskSource& LiveSource::unfinished() noexcept {
  for (std::size_t step = 0; step < sources_.size(); ++step) {
    XskSource& source = *sources_[next_];
    next_ = (next_ + 1) % sources_.size();
    if (!source.finished()) return source;
  }
  return *sources_.front();
}

} // namespace xdpcap::capture
