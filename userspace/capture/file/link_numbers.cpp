#include "capture/file/link_numbers.hpp"

#include <fmt/core.h>
#include <pcap/pcap.h>

namespace xdpcap::capture {

using wire::LinkType;

LinkType link_of_number(std::uint32_t number) noexcept {
  switch (number) {
    case 0:
      return LinkType::null;
    case 1:
      return LinkType::ethernet;
    case 9:
    case 50:
      return LinkType::ppp;
    case 12: // what DLT_RAW is on most systems; some tools write it unchanged
    case 14: // and on OpenBSD
    case 101:
    case 228:
    case 229:
      return LinkType::raw_ip;
    case 51:
      return LinkType::pppoe;
    case 104:
      return LinkType::cisco_hdlc;
    case 105:
      return LinkType::ieee802_11;
    case 108:
      return LinkType::loop;
    case 113:
      return LinkType::linux_sll;
    case 127:
      return LinkType::radiotap;
    case 239:
      return LinkType::nflog;
    case 276:
      return LinkType::linux_sll2;
    default:
      return LinkType::unsupported;
  }
}

std::uint16_t number_of_link(LinkType link) noexcept {
  switch (link) {
    case LinkType::null:
      return 0;
    case LinkType::ethernet:
      return 1;
    case LinkType::ppp:
      return 9;
    case LinkType::raw_ip:
      return 101;
    case LinkType::pppoe:
      return 51;
    case LinkType::cisco_hdlc:
      return 104;
    case LinkType::ieee802_11:
      return 105;
    case LinkType::loop:
      return 108;
    case LinkType::linux_sll:
      return 113;
    case LinkType::radiotap:
      return 127;
    case LinkType::nflog:
      return 239;
    case LinkType::linux_sll2:
      return 276;
    case LinkType::unsupported:
      break;
  }
  return 147; // LINKTYPE_USER0: for private use
}

std::string name_of_link_number(std::uint32_t number) {
  const char* name = ::pcap_datalink_val_to_name(static_cast<int>(number));
  return name != nullptr ? fmt::format("{} ({})", name, number) : fmt::format("number {}", number);
}

} // namespace xdpcap::capture
