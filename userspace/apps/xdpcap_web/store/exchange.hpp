#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/xdpcap_web/store/ids.hpp"
#include "apps/xdpcap_web/store/kept_batch.hpp"
#include "consume/filter.hpp"
#include "consume/seen.hpp"

namespace xdpcap::web {

// A message inside a batch, which it keeps.
struct Half {
  BatchPointer batch;
  const schema::HttpMessage* message = nullptr;

  explicit operator bool() const noexcept { return message != nullptr; }
  const schema::HttpMessage* operator->() const noexcept { return message; }
  const schema::HttpMessage& operator*() const noexcept { return *message; }
};

// A request and its response; at least one of them is there. Cheap to copy, and a copy stays whole
// when the store drops the original.
struct Exchange {
  ExchangeId id;
  std::shared_ptr<const std::string> sensor;
  Half request, response;
  std::vector<Half> interim; // 1xx responses

  [[nodiscard]] const schema::HttpMessage& either() const noexcept {
    return request ? *request : *response;
  }
  [[nodiscard]] std::uint64_t first_ns() const noexcept { return either().first_byte_ns(); }
  // From the request's last byte to the response's first; 0 where the response came first.
  [[nodiscard]] std::optional<std::uint64_t> latency_ns() const noexcept;
  [[nodiscard]] consume::ExchangeFacts facts() const noexcept;
  // With fields and bodies, for views that outlive the batch.
  [[nodiscard]] consume::Exchange with_contents() const;
};

} // namespace xdpcap::web
