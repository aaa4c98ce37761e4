#include "make.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace xdpcap::web {
namespace {

schema::Span span_of(std::string_view whole, std::string_view part) {
  return {static_cast<std::uint32_t>(part.data() - whole.data()),
          static_cast<std::uint32_t>(part.size())};
}

std::vector<schema::FieldSpan> fields_in(std::string_view head, std::size_t at) {
  std::vector<schema::FieldSpan> fields;
  while (at < head.size()) {
    std::size_t end = head.find('\n', at);
    while (end != std::string_view::npos && end + 1 < head.size() &&
           (head[end + 1] == ' ' || head[end + 1] == '\t'))
      end = head.find('\n', end + 1);
    end = std::min(end, head.size());
    std::string_view line = head.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = end + 1;
    const std::size_t colon = std::min(line.find(':'), line.size());
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    fields.emplace_back(span_of(head, line.substr(0, colon)), span_of(head, value));
  }
  return fields;
}

} // namespace

schema::Endpoint endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)));
  if (!text.starts_with('[')) {
    in_addr address{};
    ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address);
    return {0, 0xffff00000000u | ntohl(address.s_addr), port, 4};
  }
  std::array<std::uint64_t, 2> address{};
  ::inet_pton(AF_INET6, text.substr(1, colon - 2).c_str(), address.data());
  return {__builtin_bswap64(address[0]), __builtin_bswap64(address[1]), port, 6};
}

flatbuffers::Offset<schema::HttpMessage> write(flatbuffers::FlatBufferBuilder& builder,
                                               const MadeMessage& made) {
  const std::string_view head = made.head;
  const bool is_response = head.starts_with("HTTP/");
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  const std::size_t first = std::min(line.find(' '), line.size());
  const std::size_t last =
      is_response ? std::min(line.find(' ', first + 1), line.size()) : line.rfind(' ');
  const std::string_view middle = line.substr(std::min(first + 1, line.size()), last - first - 1);
  const std::size_t fields_at = std::min(head.find('\n', line.size()), head.size() - 1) + 1;
  const auto head_vector =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(head.data()), head.size());
  const auto body = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(made.body.data()),
                                         made.body.size());
  const auto fields = builder.CreateVectorOfStructs(fields_in(head, fields_at));
  const std::vector<schema::FieldSpan> none(1);
  const auto trailers = made.trailers ? builder.CreateVectorOfStructs(none) : 0;
  const schema::Endpoint client = endpoint(made.client), server = endpoint(made.server);
  const schema::Span method = span_of(head, line.substr(0, first)), target = span_of(head, middle),
                     reason = span_of(head, line.substr(std::min(last + 1, line.size())));

  schema::HttpMessageBuilder message(builder);
  message.add_flow(made.flow);
  message.add_kind(is_response ? schema::Kind::response : schema::Kind::request);
  message.add_direction(is_response ? schema::Direction::to_client : schema::Direction::to_server);
  message.add_index(made.index);
  message.add_client(&client);
  message.add_server(&server);
  message.add_first_byte_ns(made.first_ns);
  message.add_last_byte_ns(made.last_ns == 0 ? made.first_ns : made.last_ns);
  message.add_version_minor(line.find("HTTP/1.0") == std::string_view::npos ? 1 : 0);
  if (is_response) {
    message.add_status(static_cast<std::uint16_t>(std::stoi(std::string(middle))));
    message.add_reason(&reason);
  } else {
    message.add_method(&method);
    message.add_target(&target);
  }
  message.add_head(head_vector);
  message.add_fields(fields);
  message.add_body(body);
  message.add_full_body_length(made.full_body_length == 0 ? made.body.size()
                                                          : made.full_body_length);
  if (made.trailers) message.add_trailers(trailers);
  message.add_framing(made.framing);
  message.add_has_declared_length(made.has_declared_length);
  message.add_declared_length(made.declared_length);
  message.add_complete(made.complete);
  message.add_masked(made.masked);
  message.add_anomalies(made.anomalies);
  return message.Finish();
}

BatchPointer batch_of(const std::vector<MadeMessage>& messages, const std::string& sensor,
                      std::uint64_t epoch) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::HttpMessage>> offsets;
  offsets.reserve(messages.size());
  for (const MadeMessage& made : messages) offsets.push_back(write(builder, made));
  const auto vector = builder.CreateVector(offsets);
  const auto name = builder.CreateString(sensor);
  schema::BatchBuilder batch(builder);
  batch.add_sensor(name);
  batch.add_epoch(epoch);
  batch.add_messages(vector);
  schema::FinishBatchBuffer(builder, batch.Finish());
  return KeptBatch::keep(
      {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()});
}

Exchange exchange_of(const MadeMessage& request) {
  const BatchPointer batch = batch_of({request});
  const schema::HttpMessage* message = (*batch)->messages()->Get(0);
  Exchange exchange;
  exchange.id = {{source_of("web1", 7), request.flow}, request.index};
  exchange.sensor = std::make_shared<const std::string>("web1");
  (message->kind() == schema::Kind::request ? exchange.request : exchange.response) = {batch,
                                                                                       message};
  return exchange;
}

Exchange exchange_of(const MadeMessage& request, const MadeMessage& response) {
  const BatchPointer batch = batch_of({request, response});
  Exchange exchange = exchange_of(request);
  exchange.request = {batch, (*batch)->messages()->Get(0)};
  exchange.response = {batch, (*batch)->messages()->Get(1)};
  return exchange;
}

} // namespace xdpcap::web
