#pragma once

#include "schemas/xdpcap_generated.h"

#include <string_view>

// The names of the wire contract's enums as text. A number from the wire may be
// one that this build does not know yet: it is named "unknown".
namespace xdpcap::publish {

std::string_view name_of(schema::Framing framing) noexcept;
std::string_view name_of(schema::End end) noexcept;
std::string_view name_of(schema::GapCause cause) noexcept;
std::string_view name_of(schema::Pairing pairing) noexcept;
std::string_view name_of(schema::FlowEvent event) noexcept;
std::string_view name_of(schema::TcpState state) noexcept;
std::string_view name_of(schema::CloseReason reason) noexcept;
std::string_view name_of(schema::FlowFlag flag) noexcept;
std::string_view name_of(schema::Verdict verdict) noexcept;
std::string_view name_of(schema::Anomaly anomaly) noexcept;
std::string_view name_of(schema::SocketProtocol protocol) noexcept;
std::string_view name_of(schema::SocketEvent event) noexcept;

} // namespace xdpcap::publish
