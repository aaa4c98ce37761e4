#include "apps/xdpcap_sub/matcher.hpp"

#include <algorithm>
#include <utility>

namespace xdpcap::sub {

void Matcher::add(Seen message, Clock::time_point now) {
  const auto partner = by_key_.find(key_of(message));
  if (message.interim) {
    add_interim(std::move(message), now);
    return;
  }
  if (message.request) hand_on_interim(message);
  if (partner == by_key_.end()) {
    if (message.unpaired && !message.request) {
      hand_on_alone(std::move(message));
    } else {
      wait(std::move(message), now);
    }
    return;
  }
  const bool other_half = partner->second->message.request != message.request;
  Seen first = remove(partner->second);
  if (!other_half) { // two of a kind with one number: the older one will never be answered
    hand_on_alone(std::move(first));
    wait(std::move(message), now);
    return;
  }
  Exchange exchange;
  exchange.request = std::move(message.request ? message : first);
  exchange.response = std::move(message.request ? first : message);
  sink_(std::move(exchange));
}

void Matcher::add_interim(Seen message, Clock::time_point now) {
  const auto partner = by_key_.find(key_of(message));
  Exchange exchange;
  if (partner != by_key_.end() && partner->second->message.request) {
    exchange.request = partner->second->message;
    exchange.response = std::move(message);
    sink_(std::move(exchange));
    return;
  }
  if (message.unpaired) {
    hand_on_alone(std::move(message));
    return;
  }
  interim_.push_back({std::move(message), now, 0});
  if (interim_.size() > limits_.interim_max) {
    hand_on_alone(std::move(interim_.front().message));
    interim_.pop_front();
  }
}

void Matcher::hand_on_interim(const Seen& request) {
  for (auto at = interim_.begin(); at != interim_.end();) {
    if (key_of(at->message) != key_of(request)) {
      ++at;
      continue;
    }
    Exchange exchange{request, std::move(at->message)};
    at = interim_.erase(at);
    sink_(std::move(exchange));
  }
}

void Matcher::expire(Clock::time_point now) {
  while (!interim_.empty() && now - interim_.front().since >= limits_.response_timeout) {
    hand_on_alone(std::move(interim_.front().message));
    interim_.pop_front();
  }
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    // Requests wait longer than responses, so the list is walked past those that may
    // still wait; it ends at the first that is younger than either timeout.
    const auto age = now - at->since;
    if (age < std::min(limits_.request_timeout, limits_.response_timeout)) return;
    const auto next = std::next(at);
    if (age >= (at->message.request ? limits_.response_timeout : limits_.request_timeout))
      hand_on_alone(remove(at));
    at = next;
  }
}

void Matcher::finish() {
  for (Waiting& interim : interim_) hand_on_alone(std::move(interim.message));
  interim_.clear();
  while (!waiting_.empty()) hand_on_alone(remove(waiting_.begin()));
}

void Matcher::wait(Seen message, Clock::time_point now) {
  const std::size_t bytes = message.bytes();
  const Key key = key_of(message);
  waiting_.push_back({std::move(message), now, bytes});
  by_key_[key] = std::prev(waiting_.end());
  bytes_ += bytes;
  while (waiting_.size() > limits_.waiting_max ||
         (bytes_ > limits_.bytes_max && waiting_.size() > 1)) {
    hand_on_alone(remove(waiting_.begin()));
  }
}

Seen Matcher::remove(Place place) {
  by_key_.erase(key_of(place->message));
  bytes_ -= place->bytes;
  Seen message = std::move(place->message);
  waiting_.erase(place);
  return message;
}

void Matcher::hand_on_alone(Seen message) {
  Exchange exchange;
  (message.request ? exchange.request : exchange.response) = std::move(message);
  sink_(std::move(exchange));
}

} // namespace xdpcap::sub
