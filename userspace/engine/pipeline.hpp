#pragma once

#include <cstdint>

#include "core/check.hpp"
#include "core/counters.hpp"
#include "engine/flow.hpp"
#include "http/start_line.hpp"
#include "http/workspace.hpp"
#include "publish/encoder.hpp"
#include "tcp/records.hpp"
#include "tcp/tracker.hpp"
#include "wire/decode.hpp"
#include "wire/filter.hpp"
#include "wire/records.hpp"

namespace xdpcap::engine {

enum class SegmentTopic : std::uint8_t { off, headers, payload };

struct PipelineOptions {
  wire::DecodeOptions decode;
  wire::Filter filter;
  tcp::TrackerLimits tracker;
  tcp::Timeouts timeouts;
  http::Limits http;
  std::size_t http_memory = 0;
  bool publish_flows = true;
  SegmentTopic segments = SegmentTopic::off;
  bool publish_datagrams = false; // needs DecodeOptions::datagrams
  std::size_t datagram_payload_max = 256;
};

// What a worker counts of its frames beside what the stages count themselves.
enum class FrameCount : std::uint8_t {
  received,
  bytes,              // on the wire
  filtered,           // segments that --host and --port did not want
  datagrams_filtered, // the same of the datagrams that --udp asked for
  handed_over,        // to the worker that owns their connection
  handed_in,          // by another worker
  hand_over_full,     // the owner had no room for them
  beyond_count,       // came in one burst with the last one that -c asked for
  count_,
};

// The stages of one worker, put together: a frame goes in, records come out at
// the encoder. One thread; counters may be read by any.
class Pipeline {
 public:
  Pipeline(const PipelineOptions& options, publish::Encoder& encoder)
      : decoder_(options.decode),
        filter_(options.filter),
        tracker_(options.tracker, options.timeouts),
        workspace_(options.http, options.http_memory),
        encoder_(encoder),
        publish_flows_(options.publish_flows && !encoder.discards()),
        segments_(options.segments),
        publish_datagrams_(options.publish_datagrams),
        datagram_payload_max_(options.datagram_payload_max) {
    XDPCAP_CHECK(!options.publish_datagrams || options.decode.datagrams);
  }

  // The segment of a frame, which lives as long as the frame and until end_burst(). Whoever owns
  // its connection accept()s it, if it is wanted.
  [[nodiscard]] Result<wire::Segment, wire::NoSegment> decode(const wire::Frame& frame) noexcept {
    frames_.add(FrameCount::received);
    frames_.add(FrameCount::bytes, frame.wire_length);
    auto segment = decoder_.decode(frame);
    if (!segment.ok()) [[unlikely]]
      publish_no_segment(segment.error());
    return segment;
  }
  [[nodiscard]] bool wants(const wire::Segment& segment) noexcept {
    if (filter_.wants(segment)) [[likely]]
      return true;
    frames_.add(FrameCount::filtered);
    return false;
  }

  void accept(const wire::Segment& segment) noexcept {
    segment_published_ = false;
    const tcp::SegmentVerdict verdict = tracker_.accept(segment, *this);
    verdicts_.add(verdict);
    if (segments_ != SegmentTopic::off && !segment_published_) [[unlikely]]
      publish_unowned_segment(segment, verdict);
  }

  // After each burst: lets time pass.
  void end_burst(Instant now) noexcept {
    tracker_.expire(now, *this);
    decoder_.end_burst(now);
  }
  // What was produced so far goes out.
  void flush() noexcept { encoder_.flush(); }

  // The capture is over: every connection ends here.
  void finish() noexcept {
    tracker_.finish_all(*this);
    XDPCAP_CHECK(workspace_.memory_in_use() == 0); // no connection is left
    encoder_.close();
  }

  void update_capture_loss(Instant at) noexcept { tracker_.update_capture_loss(at); }

  // What the tracker says of flows (tcp::FlowSink).
  bool is_client(const wire::Segment& segment) noexcept {
    const std::string_view text = as_text(segment.payload);
    if (text.starts_with("HTTP/")) return false;
    return http::resembles_start_line(text) || segment.source().port >= segment.destination().port;
  }
  void on_open(Flow& flow) noexcept {
    if (flow.tcp.has(tcp::Connection::partial)) flow.http.mark_partial();
    if (publish_flows_)
      encoder_.add(tcp::flow_record(flow.tcp, schema::FlowEvent::opened, flow.tcp.last_seen));
  }
  void on_update(Flow& flow) noexcept {
    if (publish_flows_)
      encoder_.add(tcp::flow_record(flow.tcp, schema::FlowEvent::update, flow.tcp.last_seen));
  }
  void on_bytes(Flow& flow, const StreamBytes& bytes) noexcept {
    MessageOut out{*this, flow};
    flow.http.on_bytes(bytes, workspace_, out);
  }
  void on_gap(Flow& flow, const StreamGap& gap) noexcept {
    MessageOut out{*this, flow};
    flow.http.on_gap(gap, workspace_, out);
  }
  void on_end(Flow& flow, Direction direction, StreamEnd end, Instant at) noexcept {
    MessageOut out{*this, flow};
    flow.http.on_close(direction, end, at, workspace_, out);
  }
  void on_close(Flow& flow, StreamEnd end, Instant at) noexcept {
    const bool switched = flow.http.switched();
    flow.http.release(workspace_);
    if (!publish_flows_) return;
    record::FlowRecord record = tcp::flow_record(flow.tcp, schema::FlowEvent::closed, at);
    record.close = tcp::close_reason(end);
    if (switched) record.flags |= bit(schema::FlowFlag::tunnel);
    encoder_.add(record);
  }
  void on_segment(Flow& flow, Direction direction, const wire::Segment& segment,
                  tcp::SegmentVerdict verdict) noexcept {
    if (segments_ == SegmentTopic::off) [[likely]]
      return;
    segment_published_ = true;
    encoder_.add(tcp::segment_record(segment, flow.tcp.id, direction, verdict,
                                     segments_ == SegmentTopic::payload));
  }

  [[nodiscard]] bool publishes_datagrams() const noexcept { return publish_datagrams_; }
  [[nodiscard]] wire::Decoder& decoder() noexcept { return decoder_; }
  [[nodiscard]] const wire::Decoder& decoder() const noexcept { return decoder_; }
  [[nodiscard]] const tcp::Tracker<Flow>& tracker() const noexcept { return tracker_; }
  [[nodiscard]] const http::Workspace& workspace() const noexcept { return workspace_; }
  [[nodiscard]] const publish::Encoder& encoder() const noexcept { return encoder_; }
  [[nodiscard]] const Counters<tcp::SegmentVerdict>& verdicts() const noexcept { return verdicts_; }
  [[nodiscard]] const Counters<FrameCount>& frames() const noexcept { return frames_; }
  [[nodiscard]] Counters<FrameCount>& frames() noexcept { return frames_; }

 private:
  // A segment of no followed connection: a SYN or SYN-ACK, or one that comes after the end. Who is
  // the client is said by the handshake, else it seems to be the end with the higher port.
  [[gnu::noinline]] void publish_unowned_segment(const wire::Segment& segment,
                                                 tcp::SegmentVerdict verdict) noexcept {
    const bool syn = segment.flags.has(wire::TcpFlags::syn),
               ack = segment.flags.has(wire::TcpFlags::ack);
    const bool from_client = syn ? !ack : is_client(segment);
    const Direction direction = from_client ? Direction::to_server : Direction::to_client;
    encoder_.add(
        tcp::segment_record(segment, 0, direction, verdict, segments_ == SegmentTopic::payload));
  }
  // The decoder has counted why a frame is none; two kinds are published all the same.
  [[gnu::noinline]] void publish_no_segment(wire::NoSegment why) noexcept {
    if (why == wire::NoSegment::udp && publish_datagrams_) publish_datagram(decoder_.datagram());
    if (why == wire::NoSegment::bad_tcp_checksum && segments_ != SegmentTopic::off &&
        filter_.wants(decoder_.refused()))
      publish_unowned_segment(decoder_.refused(), tcp::SegmentVerdict::bad_checksum);
  }
  void publish_datagram(const wire::UdpDatagram& datagram) noexcept {
    if (!filter_.wants(datagram)) return frames_.add(FrameCount::datagrams_filtered);
    encoder_.add(wire::record_of(datagram, datagram_payload_max_));
  }

  // What TCP knows and a message should say. Where the start was not captured, the answer to the
  // first message may still come.
  static http::Anomalies facts_of(const Flow& flow, const http::Message& message) noexcept {
    const tcp::Connection& connection = flow.tcp;
    const tcp::HalfConnection& other = connection.from(opposite(message.direction));
    const bool is_silent =
        other.packets == 0 && !other.has(tcp::HalfConnection::scale_known); // nor a SYN-ACK
    http::Anomalies facts;
    if (is_silent && (!connection.has(tcp::Connection::partial) || message.index != 0))
      facts.add(http::Anomaly::one_sided);
    if (connection.has(tcp::Connection::overlap_conflict))
      facts.add(http::Anomaly::overlap_conflict);
    if (connection.has(tcp::Connection::unproved)) facts.add(http::Anomaly::unproved);
    return facts;
  }

  // Binds a flow to its messages.
  struct MessageOut {
    Pipeline& pipeline;
    Flow& flow;
    void on_message(const http::Message& message) noexcept {
      pipeline.encoder_.add(message, [&]() noexcept -> publish::MessageContext {
        return {.flow = flow.tcp.id,
                .client = wire::record_of(flow.tcp.client()),
                .server = wire::record_of(flow.tcp.server()),
                .interface = flow.tcp.interface,
                .anomalies = facts_of(flow, message)};
      });
    }
  };

  wire::Decoder decoder_;
  wire::Filter filter_;
  tcp::Tracker<Flow> tracker_;
  http::Workspace workspace_;
  publish::Encoder& encoder_;
  bool publish_flows_;
  SegmentTopic segments_;
  bool segment_published_ = false; // by on_segment(), of the segment under way
  bool publish_datagrams_;
  std::size_t datagram_payload_max_;
  Counters<tcp::SegmentVerdict> verdicts_;
  Counters<FrameCount> frames_;
};

} // namespace xdpcap::engine
