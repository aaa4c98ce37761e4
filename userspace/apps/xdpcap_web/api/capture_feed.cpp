#include "apps/xdpcap_web/api/capture_feed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/api/parameters.hpp"
#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

std::string error_event(std::string_view message, std::uint64_t lost) {
  std::string data;
  {
    JsonObject object(data);
    object.words("message", message);
    object.number("lost", lost);
  }
  return fmt::format("event: error\ndata: {}\n\n", data);
}

Result<Parameters, ApiError> parse(const Request& request) {
  return Parameters::parse(request.query, {"i", "p", "h", "h.src", "h.dst", "p.src", "p.dst"});
}

} // namespace

std::vector<std::string> CaptureFeed::names_in(const Request& request) {
  const auto parameters = parse(request);
  return parameters ? PacketFilter::names_in(parameters->pairs()) : std::vector<std::string>{};
}

Result<std::shared_ptr<Feed>, ApiError> CaptureFeed::open(const Request& request, Api::Parts parts,
                                                          const HostAddresses& looked_up) {
  auto parameters = parse(request);
  if (!parameters) return std::move(parameters).error();
  auto filter = PacketFilter::parse(parameters->pairs(), looked_up);
  if (!filter) return std::move(filter).error();
  if (!filter->interface.empty()) {
    const MutexLock lock{parts.model.mutex};
    std::vector<std::string> captured;
    for (const auto& [name, sensor] : parts.model.sensors.all()) {
      for (const SensorInterface& interface : sensor.interfaces) {
        if (interface.number >= 0) captured.push_back(interface.name);
      }
    }
    if (std::find(captured.begin(), captured.end(), filter->interface) == captured.end())
      return bad(
          "i",
          fmt::format("no capture listens on '{}'{}", filter->interface,
                      captured.empty()
                          ? "; no interfaces are known (xdpcap-run reports them with --sockets)"
                          : fmt::format("; these are captured: {}", fmt::join(captured, ", "))));
  }
  return std::shared_ptr<Feed>(new CaptureFeed(std::move(*filter), parts));
}

CaptureFeed::CaptureFeed(PacketFilter filter, Api::Parts parts)
    : filter_(std::move(filter)), parts_(std::move(parts)) {
  parts_.ingest.add(this);
}

CaptureFeed::~CaptureFeed() {
  parts_.ingest.remove(this);
}

void CaptureFeed::on_batch(const BatchPointer& batch, codec::Topic topic) noexcept {
  if (topic != codec::Topic::tcp && topic != codec::Topic::udp) return;
  const MutexLock lock{mutex_};
  if (queued_ + batch->memory() > kQueuedMax && !queue_.empty()) {
    lost_ += codec::packets_in(**batch);
    return;
  }
  queued_ += batch->memory();
  queue_.push_back(batch);
}

Composed CaptureFeed::compose(std::vector<Change>& /*changes*/, bool second, Time until) {
  if (second || names_.empty()) {
    const MutexLock lock{parts_.model.mutex};
    for (const auto& [name, sensor] : parts_.model.sensors.all()) {
      for (const SensorInterface& interface : sensor.interfaces) {
        if (interface.number >= 0) names_[{name, interface.number}] = interface.name;
      }
    }
  }
  std::string text;
  std::uint64_t events = 0, lost = 0;
  while (text.size() < kChunkMax && std::chrono::steady_clock::now() < until) {
    BatchPointer batch;
    {
      const MutexLock lock{mutex_};
      lost += std::exchange(lost_, 0);
      if (queue_.empty()) break;
      batch = std::move(queue_.front());
      queue_.pop_front();
      queued_ -= batch->memory();
    }
    append_packets(text, *batch, events);
  }
  if (lost != 0) text += report_loss(lost);
  if (second) append_trouble(text);
  return {std::move(text), events};
}

void CaptureFeed::append_packets(std::string& text, const KeptBatch& batch,
                                 std::uint64_t& events) const {
  const std::string_view sensor = codec::text_of(batch->sensor());
  const auto append = [&](const auto* records) {
    if (records == nullptr) return;
    for (const auto* record : *records) {
      if (!filter_.matches(*record, interface_name(sensor, record->interface()))) continue;
      text += fmt::format("event: packet\ndata: {}\n\n", packet_json(*record));
      ++events;
    }
  };
  append(batch->segments());
  append(batch->datagrams());
}

std::string_view CaptureFeed::interface_name(std::string_view sensor, std::uint16_t number) const {
  const auto known = names_.find({std::string(sensor), number});
  return known == names_.end() ? std::string_view{} : std::string_view(known->second);
}

// What keeps packets from coming is said once each time it changes; what else runs goes on.
void CaptureFeed::append_trouble(std::string& text) {
  bool known = false, ended = true, tcp = false, udp = false;
  {
    const MutexLock lock{parts_.model.mutex};
    for (const auto& [name, sensor] : parts_.model.sensors.all()) {
      known = true;
      ended &= sensor.ended;
    }
    tcp = parts_.model.sensors.any_publishes("tcp");
    udp = parts_.model.sensors.any_publishes("udp");
  }
  ended &= known;
  const bool udp_only = filter_.protocol == schema::SocketProtocol::udp;
  const bool tcp_only = filter_.protocol == schema::SocketProtocol::tcp;
  std::string trouble;
  if (!known) {
    trouble = "nothing has come from any capture yet";
  } else if (ended) {
    trouble = "every capture has ended";
  } else if (!udp_only && !tcp && (tcp_only || !udp)) {
    trouble =
        "no capture publishes TCP segments: start xdpcap-run with --segments headers or "
        "--segments payload";
  } else if (udp_only && !udp) {
    trouble = "no capture publishes UDP datagrams: start xdpcap-run with --udp";
  }
  if (trouble == last_trouble_) return;
  last_trouble_ = trouble;
  if (trouble.empty()) return;
  text += error_event(trouble, 0);
  if (ended) text += farewell();
}

std::string CaptureFeed::report_loss(std::uint64_t lost) const {
  return error_event("this client was too slow for some packets", lost);
}

} // namespace xdpcap::web
