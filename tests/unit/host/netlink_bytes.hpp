#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace xdpcap::host::test {

// A netlink message, byte by byte, as the kernel would send it.
class NetlinkBytes {
 public:
  template <class Header>
  NetlinkBytes(std::uint16_t type, const Header& header) {
    add(nlmsghdr{.nlmsg_type = type});
    add(header);
  }

  template <class Value>
  NetlinkBytes& attribute(std::uint16_t type, const Value& value) {
    return bytes(type, {reinterpret_cast<const char*>(&value), sizeof value});
  }
  NetlinkBytes& bytes(std::uint16_t type, std::string_view value) {
    add(nlattr{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
               .nla_type = type});
    const std::size_t at = words_.size();
    words_.resize(at + (value.size() + 3) / 4);
    if (!value.empty()) std::memcpy(words_.data() + at, value.data(), value.size());
    return *this;
  }
  // The attribute holds what `inner` adds.
  template <class Add>
  NetlinkBytes& nested(std::uint16_t type, Add&& inner) {
    const std::size_t at = words_.size();
    add(nlattr{.nla_type = static_cast<std::uint16_t>(type | NLA_F_NESTED)});
    inner(*this);
    reinterpret_cast<nlattr*>(words_.data() + at)->nla_len =
        static_cast<std::uint16_t>((words_.size() - at) * 4);
    return *this;
  }

  // Ends after so many bytes, by default after all of them; borrowed.
  [[nodiscard]] const nlmsghdr& message(std::size_t bytes = SIZE_MAX) {
    auto* header = reinterpret_cast<nlmsghdr*>(words_.data());
    header->nlmsg_len =
        static_cast<std::uint32_t>(bytes < words_.size() * 4 ? bytes : words_.size() * 4);
    return *header;
  }
  [[nodiscard]] std::size_t size() const noexcept { return words_.size() * 4; }

 private:
  template <class Value>
  void add(const Value& value) {
    static_assert(sizeof(Value) % 4 == 0);
    const std::size_t at = words_.size();
    words_.resize(at + sizeof(Value) / 4);
    std::memcpy(words_.data() + at, &value, sizeof value);
  }
  std::vector<std::uint32_t> words_;
};

} // namespace xdpcap::host::test
