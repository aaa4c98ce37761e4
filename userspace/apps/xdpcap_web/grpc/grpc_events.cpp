#include "apps/xdpcap_web/grpc/grpc_events.hpp"

#include "apps/xdpcap_web/store/connection_table.hpp"
#include "codec/batch_view.hpp"
#include "codec/json_text.hpp"
#include "core/utf8.hpp"
#include "schemas/record_views.hpp"

namespace xdpcap::web {
namespace {

using codec::text_of;

std::string words(std::string_view text) {
  return std::string(text);
}

// Strings of protobuf are UTF-8; names and commands of a host may be anything.

template <class Record>
void fill_common(v1::Packet& packet, const Record& record, const schema::Endpoint* source,
                 const schema::Endpoint* destination) {
  packet.set_time_ns(record.arrived_ns());
  packet.set_packet_size(record.wire_length());
  packet.set_src_ip(codec::address_of(source));
  packet.set_dst_ip(codec::address_of(destination));
}

void fill_side(v1::Side& message, const Side& side) {
  set_members(message, static_cast<const record::FlowHalf&>(side));
  message.set_rate(side.rate);
}

void fill_socket(v1::Socket& message, const KernelSocket& socket) {
  message.set_state(words(name_of(socket.state)));
  message.set_at_ns(socket.at_ns);
  set_members(message, socket.tcp.value_or(record::TcpInfo{}));
  message.set_receive_queue(socket.receive_queue);
  message.set_send_queue(socket.send_queue);
  message.set_memory(socket.memory);
}

} // namespace

std::vector<std::string> names_of(const v1::MonitorRequest& request) {
  return PacketFilter::names_in({{"h", request.address()},
                                 {"h.src", request.source_address()},
                                 {"h.dst", request.destination_address()}});
}

Result<PacketFilter, ApiError> filter_of(const v1::MonitorRequest& request,
                                         const HostAddresses& looked_up) {
  // The filter's own names, and what the fields are called.
  const std::vector<std::pair<std::string, std::string>> names{{"i", "interface"},
                                                               {"h", "address"},
                                                               {"h.src", "source_address"},
                                                               {"h.dst", "destination_address"},
                                                               {"p", "port"},
                                                               {"p.src", "source_port"},
                                                               {"p.dst", "destination_port"}};
  const auto port = [](std::uint32_t number) {
    return number == 0 ? std::string{} : std::to_string(number);
  };
  if (!request.protocol().empty() && request.protocol() != "tcp" && request.protocol() != "udp")
    return ApiError{.parameter = "protocol", .message = "write tcp or udp, or leave it out"};
  auto filter = PacketFilter::parse({{"i", request.interface()},
                                     {"p", request.protocol()},
                                     {"p", port(request.port())},
                                     {"p.src", port(request.source_port())},
                                     {"p.dst", port(request.destination_port())},
                                     {"h", request.address()},
                                     {"h.src", request.source_address()},
                                     {"h.dst", request.destination_address()}},
                                    looked_up);
  if (filter) return filter;
  ApiError error = filter.error();
  for (const auto& [parameter, field] : names) {
    if (error.parameter == parameter) {
      error.parameter = field;
      break;
    }
  }
  return error;
}

void fill(v1::Packet& packet, const schema::SegmentRecord& record, std::uint64_t source) {
  const schema::Endpoint* from = web::source_of(record);
  const schema::Endpoint* to = destination_of(record);
  fill_common(packet, record, from, to);
  v1::TcpSegment& tcp = *packet.mutable_tcp();
  const auto flag = [&record](unsigned bit) { return (record.flags() >> bit & 1) != 0; };
  tcp.set_src(codec::port_of(from));
  tcp.set_dst(codec::port_of(to));
  tcp.set_seq(record.seq());
  tcp.set_ack(record.ack());
  tcp.set_fin(flag(0));
  tcp.set_syn(flag(1));
  tcp.set_rst(flag(2));
  tcp.set_psh(flag(3));
  tcp.set_ack_flag(flag(4));
  tcp.set_urg(flag(5));
  tcp.set_ece(flag(6));
  tcp.set_cwr(flag(7));
  tcp.set_window(record.window());
  if (const auto header = header_of(record)) {
    tcp.set_data_offset(header->data_offset);
    tcp.set_ns(header->ns);
    tcp.set_checksum(header->checksum);
    tcp.set_urgent(header->urgent);
    tcp.set_options(words(header->options));
  }
  if (record.payload() != nullptr || record.payload_bytes() == 0)
    tcp.set_payload(words(text_of(record.payload())));
  if (record.flow() != 0) tcp.set_connection(ConnectionId{source, record.flow()}.text());
}

void fill(v1::Packet& packet, const schema::DatagramRecord& record, std::uint64_t /*source*/) {
  constexpr unsigned kUdpHeader = 8;
  fill_common(packet, record, record.source(), record.destination());
  v1::UdpDatagram& udp = *packet.mutable_udp();
  udp.set_src(codec::port_of(record.source()));
  udp.set_dst(codec::port_of(record.destination()));
  udp.set_length(record.length());
  udp.set_checksum(record.checksum());
  if (record.payload() != nullptr || record.length() <= kUdpHeader)
    udp.set_payload(words(text_of(record.payload())));
}

void fill(v1::Connection& message, const Connection& connection) {
  message.set_id(connection.id.text());
  if (connection.sensor != nullptr) message.set_sensor(utf8_of(*connection.sensor));
  message.set_client(text_of(&connection.client));
  message.set_server(text_of(&connection.server));
  message.set_opened_ns(connection.first_ns);
  message.set_last_ns(connection.last_ns);
  message.set_closed(connection.closed);
  message.set_close(words(name_of(connection.close)));
  for (unsigned bit = 0; bit <= static_cast<unsigned>(schema::FlowFlag::MAX); ++bit) {
    if ((connection.flags >> bit & 1) != 0)
      message.add_flags(words(name_of(static_cast<schema::FlowFlag>(bit))));
  }
  message.set_messages(connection.messages);
  if (const std::uint64_t rtt = wire_rtt_ns(connection); rtt != 0) message.set_wire_rtt_ns(rtt);
  if (const std::uint64_t rtt = kernel_rtt_ns(connection); rtt != 0) message.set_kernel_rtt_ns(rtt);
  if (connection.handshake_server_ns != 0)
    message.set_handshake_server_ns(connection.handshake_server_ns);
  if (connection.handshake_client_ns != 0)
    message.set_handshake_client_ns(connection.handshake_client_ns);
  fill_side(*message.mutable_to_server(), connection.sides[index_of(Direction::to_server)]);
  fill_side(*message.mutable_to_client(), connection.sides[index_of(Direction::to_client)]);
  if (connection.client_socket)
    fill_socket(*message.mutable_client_socket(), *connection.client_socket);
  if (connection.server_socket)
    fill_socket(*message.mutable_server_socket(), *connection.server_socket);
  if (connection.ends.client != nullptr)
    set_members(*message.mutable_client_process(),
                static_cast<const record::Process&>(*connection.ends.client));
  if (connection.ends.server != nullptr)
    set_members(*message.mutable_server_process(),
                static_cast<const record::Process&>(*connection.ends.server));
}

} // namespace xdpcap::web
