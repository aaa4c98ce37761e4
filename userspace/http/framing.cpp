#include "http/framing.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/chars.hpp"

namespace xdpcap::http {
namespace {

Anomalies framing_anomalies(const Head& head) noexcept {
  const FramingFields& fields = head.framing;
  Anomalies anomalies;
  if (fields.length_bad) {
    anomalies.add(Anomaly::bad_content_length);
  } else if (fields.length_repeated) {
    anomalies.add(Anomaly::duplicate_content_length);
  }
  if (!fields.has_transfer_encoding) return anomalies;
  if (fields.has_length) anomalies.add(Anomaly::te_cl_conflict);
  if (!fields.chunked_last || fields.chunked_repeated)
    anomalies.add(Anomaly::bad_transfer_encoding);
  if (head.start.version_minor == 0) anomalies.add(Anomaly::te_in_http10);
  return anomalies;
}

bool has_no_body(const Head& head, RequestKind answered) noexcept {
  const std::uint16_t status = head.start.status;
  if (is_informational(status) || status == 204 || status == 304 || answered == RequestKind::head)
    return true;
  return answered == RequestKind::connect && status < 300;
}

// "http://user@Example.com:80/path" -> "Example.com:80"; nothing for other forms.
std::string_view authority_of(std::string_view target) noexcept {
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0 || target.front() == '/') return {};
  std::string_view authority = target.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t user_end = authority.rfind('@');
  return user_end == std::string_view::npos ? authority : authority.substr(user_end + 1);
}

std::string_view without_default_port(std::string_view authority) noexcept {
  return authority.ends_with(":80") ? authority.substr(0, authority.size() - 3) : authority;
}

bool same_host(std::string_view left, std::string_view right) noexcept {
  left = without_default_port(left);
  right = without_default_port(right);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

} // namespace

RequestKind request_kind(std::string_view method) noexcept {
  if (method == "HEAD") return RequestKind::head;
  if (method == "CONNECT") return RequestKind::connect;
  return RequestKind::plain;
}

BodyPlan plan_body(const Head& head, RequestKind answered) noexcept {
  const FramingFields& fields = head.framing;
  const bool is_response = head.start.kind == Kind::response;
  BodyPlan plan;
  plan.anomalies = framing_anomalies(head);

  if (is_response && has_no_body(head, answered)) {
    const bool connected = answered == RequestKind::connect && head.start.status / 100 == 2;
    plan.switches = head.start.status == 101 || connected;
    // To a HEAD and in a 304 the length is that of the body there would have been.
    const bool may_declare = answered == RequestKind::head || head.start.status == 304;
    if (!may_declare &&
        (fields.has_transfer_encoding || (fields.has_length && fields.length != 0))) {
      plan.anomalies.add(Anomaly::body_on_bodyless);
    }
  } else if (fields.has_transfer_encoding) {
    plan.framing = fields.chunked_last ? Framing::chunked
                   : is_response       ? Framing::until_close
                                       : Framing::none;
    plan.malformed = !fields.chunked_last && !is_response;
  } else if (fields.has_length) {
    plan.framing = Framing::content_length;
    plan.length = fields.length;
    plan.malformed = fields.length_bad;
  } else if (is_response) {
    plan.framing = Framing::until_close;
  }
  XDPCAP_DCHECK(plan.length == 0 || plan.framing == Framing::content_length);
  XDPCAP_DCHECK(!plan.switches || (is_response && plan.framing == Framing::none));
  return plan;
}

void check_host(const Head& head, Bytes bytes, Anomalies& anomalies) noexcept {
  if (head.start.kind != Kind::request) return;
  const FramingFields& fields = head.framing;
  if (fields.hosts > 1) anomalies.add(Anomaly::host_repeated);
  if (fields.hosts == 0 && head.start.version_minor > 0) anomalies.add(Anomaly::host_missing);
  const std::string_view target = head.start.target.in(bytes);
  if (fields.hosts == 0 || target.empty() || target.front() == '/') return;
  const std::string_view authority = authority_of(target);
  if (!authority.empty() && !same_host(authority, fields.host))
    anomalies.add(Anomaly::host_mismatch);
}

} // namespace xdpcap::http
