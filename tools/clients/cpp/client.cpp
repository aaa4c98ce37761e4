// Prints each HTTP message that xdpcap-run publishes.
#include <iostream>
#include <map>
#include <string>
#include <tuple>
#include <zmq.hpp>

#include "xdpcap_generated.h"

using namespace xdpcap::schema;

// The text of a span: the bytes of the head from offset on. FlatBuffers verified
// their own offsets, not these.
static std::string text(const HttpMessage& message, const Span& span) {
  if (message.head() == nullptr || uint64_t{span.offset()} + span.length() > message.head()->size())
    return {};
  return std::string(reinterpret_cast<const char*>(message.head()->data()) + span.offset(),
                     span.length());
}

static std::string host(const HttpMessage& message) {
  if (message.fields() == nullptr) return "-";
  for (const FieldSpan* field : *message.fields()) {
    const std::string name = text(message, field->name());
    if (name == "Host" || name == "host") return text(message, field->value());
  }
  return "-";
}

// Batches of a (capture, shard, topic) are numbered without holes: a jump is a loss.
static std::map<std::tuple<uint64_t, uint16_t, std::string>, uint64_t> expected;

static void count(uint64_t epoch, uint16_t shard, const std::string& topic, uint64_t seq,
                  uint64_t next) {
  const auto [at, first] = expected.try_emplace({epoch, shard, topic}, next);
  if (!first && seq > at->second)
    std::cout << "lost " << seq - at->second << " batches" << std::endl;
  if (next > at->second) at->second = next;
}

int main(int argc, char** argv) {
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::sub);
  socket.set(zmq::sockopt::subscribe, "http");
  socket.set(zmq::sockopt::subscribe, "stats"); // its heartbeats report losses at the end
  socket.connect(argc > 1 ? argv[1] : "ipc:///run/xdpcap/pub.sock");
  for (zmq::message_t topic, frame; socket.recv(topic) && socket.recv(frame);) {
    const std::string bytes =
        frame.to_string(); // FlatBuffers want aligned memory, and ZeroMQ does not promise it
    flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    if (!VerifyBatchBuffer(verifier)) continue;
    const Batch& batch = *GetBatch(bytes.data());
    if (batch.messages() != nullptr) {
      count(batch.epoch(), batch.shard(), "http", batch.topic_seq(), batch.topic_seq() + 1);
      for (const HttpMessage* message : *batch.messages()) {
        if (message->kind() == Kind::request) {
          std::cout << text(*message, *message->method()) << ' ' << host(*message) << ' '
                    << text(*message, *message->target()) << std::endl;
        } else {
          std::cout << message->status() << ' ' << text(*message, *message->reason()) << std::endl;
        }
      }
    }
    if (batch.stats() == nullptr) continue;
    for (const StatsRecord* record : *batch.stats()) {
      for (const TopicPosition* at : *record->topics()) {
        if (at->topic()->str() == "http")
          count(batch.epoch(), at->shard(), "http", at->next_seq(), at->next_seq());
      }
    }
  }
}
