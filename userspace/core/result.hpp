#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/check.hpp"

namespace xdpcap {

// A value or the reason why there is none. Asking for the one that is not there is a defect of the
// caller, and a failed check.
template <class T, class E>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<T, E>);

 public:
  // A value made in place.
  explicit Result(std::in_place_t /*tag*/) noexcept(std::is_nothrow_default_constructible_v<T>)
      : state_() {}
  Result(T value) noexcept(
      std::is_nothrow_move_constructible_v<T>) // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) noexcept(
      std::is_nothrow_move_constructible_v<E>) // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] T& value() & noexcept { return of<0>(state_); }
  [[nodiscard]] const T& value() const& noexcept { return of<0>(state_); }
  [[nodiscard]] T&& value() && noexcept { return std::move(of<0>(state_)); }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  [[nodiscard]] const E& error() const& noexcept { return of<1>(state_); }
  [[nodiscard]] E&& error() && noexcept { return std::move(of<1>(state_)); }

 private:
  template <std::size_t kIndex, class State>
  static auto& of(State& state) noexcept {
    auto* held = std::get_if<kIndex>(&state);
    XDPCAP_CHECK(held != nullptr);
    return *held;
  }

  std::variant<T, E> state_;
};

// Success without a value, or the reason why not.
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() noexcept = default;
  Result(E error) : error_(std::move(error)) {} // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const E& error() const& noexcept {
    XDPCAP_CHECK(error_.has_value());
    return *error_;
  }
  [[nodiscard]] E&& error() && noexcept {
    XDPCAP_CHECK(error_.has_value());
    return *std::move(error_);
  }

 private:
  std::optional<E> error_;
};

} // namespace xdpcap
