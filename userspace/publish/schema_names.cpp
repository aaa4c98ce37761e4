#include "publish/schema_names.hpp"

#include "http/message.hpp"
#include "publish/host_records.hpp"
#include "publish/records.hpp"

// The numbers of our enums are those of the wire contract. Where one is put
// between two others in only one of the two places, this file does not compile.
namespace xdpcap::publish {
namespace {

template <class Ours, class Schema>
constexpr bool same(Ours ours, Schema theirs) {
  return static_cast<unsigned>(ours) == static_cast<unsigned>(theirs);
}

static_assert(same(Direction::to_client, schema::Direction::to_client));
static_assert(same(http::Kind::response, schema::Kind::response));
static_assert(same(http::Framing::none, schema::Framing::none));
static_assert(same(http::Framing::content_length, schema::Framing::content_length));
static_assert(same(http::Framing::chunked, schema::Framing::chunked));
static_assert(same(http::Framing::until_close, schema::Framing::until_close));
static_assert(same(http::End::complete, schema::End::complete) &&
              same(http::End::fin, schema::End::fin));
static_assert(same(http::End::rst, schema::End::rst) &&
              same(http::End::timeout, schema::End::timeout));
static_assert(same(http::End::gap, schema::End::gap) &&
              same(http::End::evicted, schema::End::evicted));
static_assert(same(http::End::malformed, schema::End::malformed) &&
              same(http::End::capture, schema::End::capture));
static_assert(schema::End::MAX == schema::End::capture);
static_assert(same(GapCause::network, schema::GapCause::network) &&
              same(GapCause::capture, schema::GapCause::capture));
static_assert(same(GapCause::snaplen, schema::GapCause::snaplen));
static_assert(same(GapCause::fragment, schema::GapCause::fragment));
static_assert(same(GapCause::unknown, schema::GapCause::unknown) &&
              schema::GapCause::MAX == schema::GapCause::unknown);

#define XDPCAP_SAME(type, ours, name) static_assert(same(ours::name, schema::type::name))
XDPCAP_SAME(Anomaly, http::Anomaly, interim);
XDPCAP_SAME(Anomaly, http::Anomaly, te_cl_conflict);
XDPCAP_SAME(Anomaly, http::Anomaly, duplicate_content_length);
XDPCAP_SAME(Anomaly, http::Anomaly, bad_content_length);
XDPCAP_SAME(Anomaly, http::Anomaly, bad_transfer_encoding);
XDPCAP_SAME(Anomaly, http::Anomaly, te_in_http10);
XDPCAP_SAME(Anomaly, http::Anomaly, obs_fold);
XDPCAP_SAME(Anomaly, http::Anomaly, space_before_colon);
XDPCAP_SAME(Anomaly, http::Anomaly, bare_lf);
XDPCAP_SAME(Anomaly, http::Anomaly, bare_cr);
XDPCAP_SAME(Anomaly, http::Anomaly, nul_in_head);
XDPCAP_SAME(Anomaly, http::Anomaly, bad_field_name);
XDPCAP_SAME(Anomaly, http::Anomaly, missing_colon);
XDPCAP_SAME(Anomaly, http::Anomaly, chunk_extension);
XDPCAP_SAME(Anomaly, http::Anomaly, bad_chunk_size);
XDPCAP_SAME(Anomaly, http::Anomaly, missing_chunk_crlf);
XDPCAP_SAME(Anomaly, http::Anomaly, host_mismatch);
XDPCAP_SAME(Anomaly, http::Anomaly, host_missing);
XDPCAP_SAME(Anomaly, http::Anomaly, host_repeated);
XDPCAP_SAME(Anomaly, http::Anomaly, leading_empty_lines);
XDPCAP_SAME(Anomaly, http::Anomaly, bad_start_line);
XDPCAP_SAME(Anomaly, http::Anomaly, unknown_version);
XDPCAP_SAME(Anomaly, http::Anomaly, data_after_close);
XDPCAP_SAME(Anomaly, http::Anomaly, body_on_bodyless);
XDPCAP_SAME(Anomaly, http::Anomaly, head_too_large);
XDPCAP_SAME(Anomaly, http::Anomaly, truncated);
XDPCAP_SAME(Anomaly, http::Anomaly, resynchronised);
XDPCAP_SAME(Anomaly, http::Anomaly, partial_connection);
XDPCAP_SAME(Anomaly, http::Anomaly, one_sided);
XDPCAP_SAME(Anomaly, http::Anomaly, unpaired);
XDPCAP_SAME(Anomaly, http::Anomaly, tunnel);
XDPCAP_SAME(Anomaly, http::Anomaly, h2_preface);
XDPCAP_SAME(Anomaly, http::Anomaly, overlap_conflict);
XDPCAP_SAME(Anomaly, http::Anomaly, head_cut);
XDPCAP_SAME(Anomaly, http::Anomaly, unproved);
static_assert(static_cast<unsigned>(http::Anomaly::count_) ==
              static_cast<unsigned>(schema::Anomaly::MAX) + 1);

XDPCAP_SAME(FlowEvent, FlowEvent, closed);
XDPCAP_SAME(TcpState, TcpState, closed);
XDPCAP_SAME(TcpState, TcpState, listen);
XDPCAP_SAME(TcpState, TcpState, syn_sent);
XDPCAP_SAME(TcpState, TcpState, syn_received);
XDPCAP_SAME(TcpState, TcpState, established);
XDPCAP_SAME(TcpState, TcpState, fin_wait_1);
XDPCAP_SAME(TcpState, TcpState, fin_wait_2);
XDPCAP_SAME(TcpState, TcpState, close_wait);
XDPCAP_SAME(TcpState, TcpState, closing);
XDPCAP_SAME(TcpState, TcpState, last_ack);
XDPCAP_SAME(TcpState, TcpState, time_wait);
XDPCAP_SAME(CloseReason, CloseReason, open);
XDPCAP_SAME(CloseReason, CloseReason, fin);
XDPCAP_SAME(CloseReason, CloseReason, rst);
XDPCAP_SAME(CloseReason, CloseReason, timeout);
XDPCAP_SAME(CloseReason, CloseReason, evicted);
XDPCAP_SAME(CloseReason, CloseReason, capture);
XDPCAP_SAME(FlowFlag, FlowFlag, partial);
XDPCAP_SAME(FlowFlag, FlowFlag, one_sided);
XDPCAP_SAME(FlowFlag, FlowFlag, overlap_conflict);
XDPCAP_SAME(FlowFlag, FlowFlag, paws);
XDPCAP_SAME(FlowFlag, FlowFlag, reset_ignored);
XDPCAP_SAME(FlowFlag, FlowFlag, tunnel);
XDPCAP_SAME(FlowFlag, FlowFlag, urgent);
XDPCAP_SAME(FlowFlag, FlowFlag, beyond_window);
XDPCAP_SAME(FlowFlag, FlowFlag, unproved);
static_assert(static_cast<unsigned>(FlowFlag::count_) ==
              static_cast<unsigned>(schema::FlowFlag::MAX) + 1);
XDPCAP_SAME(Verdict, Verdict, in_order);
XDPCAP_SAME(Verdict, Verdict, retransmit);
XDPCAP_SAME(Verdict, Verdict, out_of_order);
XDPCAP_SAME(Verdict, Verdict, keep_alive);
XDPCAP_SAME(Verdict, Verdict, out_of_window);
XDPCAP_SAME(Verdict, Verdict, paws_rejected);
XDPCAP_SAME(Verdict, Verdict, bad_checksum);
XDPCAP_SAME(Verdict, Verdict, dropped);
XDPCAP_SAME(Verdict, Verdict, no_connection);
XDPCAP_SAME(Verdict, Verdict, conflict);
XDPCAP_SAME(SocketProtocol, SocketProtocol, tcp);
XDPCAP_SAME(SocketProtocol, SocketProtocol, udp);
XDPCAP_SAME(SocketEvent, SocketEvent, seen);
XDPCAP_SAME(SocketEvent, SocketEvent, opened);
XDPCAP_SAME(SocketEvent, SocketEvent, closed);
#undef XDPCAP_SAME

std::string_view known(const char* name) noexcept {
  return *name == '\0' ? std::string_view("unknown") : std::string_view(name);
}

} // namespace

std::string_view name_of(schema::Framing framing) noexcept {
  return known(schema::EnumNameFraming(framing));
}
std::string_view name_of(schema::End end) noexcept {
  return known(schema::EnumNameEnd(end));
}
std::string_view name_of(schema::GapCause cause) noexcept {
  return known(schema::EnumNameGapCause(cause));
}
std::string_view name_of(schema::Pairing pairing) noexcept {
  return known(schema::EnumNamePairing(pairing));
}
std::string_view name_of(schema::FlowEvent event) noexcept {
  return known(schema::EnumNameFlowEvent(event));
}
std::string_view name_of(schema::TcpState state) noexcept {
  return known(schema::EnumNameTcpState(state));
}
std::string_view name_of(schema::CloseReason reason) noexcept {
  return known(schema::EnumNameCloseReason(reason));
}
std::string_view name_of(schema::FlowFlag flag) noexcept {
  return known(schema::EnumNameFlowFlag(flag));
}
std::string_view name_of(schema::Verdict verdict) noexcept {
  return known(schema::EnumNameVerdict(verdict));
}
std::string_view name_of(schema::Anomaly anomaly) noexcept {
  return known(schema::EnumNameAnomaly(anomaly));
}
std::string_view name_of(schema::SocketProtocol protocol) noexcept {
  return known(schema::EnumNameSocketProtocol(protocol));
}
std::string_view name_of(schema::SocketEvent event) noexcept {
  return known(schema::EnumNameSocketEvent(event));
}

} // namespace xdpcap::publish
