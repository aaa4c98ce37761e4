#include "wire/fragment_store.hpp"

#include <algorithm>
#include <cstring>

namespace xdpcap::wire {
namespace {

std::size_t units_of(std::size_t bytes) noexcept {
  return (bytes + 7) / 8;
}

bool test(const std::byte* bitmap, std::size_t unit) noexcept {
  return (bitmap[unit / 8] & std::byte{1} << (unit % 8)) != std::byte{0};
}
void set(std::byte* bitmap, std::size_t unit) noexcept {
  bitmap[unit / 8] |= std::byte{1} << (unit % 8);
}

} // namespace

FragmentStore::FragmentStore(std::size_t budget_bytes, Counters<DecodeCount>& counters)
    : counters_(counters),
      places_(budget_bytes / kPlaceBytes),
      memory_(places_.size() * kPlaceBytes) {}

std::byte* FragmentStore::data(const Place& place) const noexcept {
  return memory_.data() + static_cast<std::size_t>(&place - places_.data()) * kPlaceBytes;
}

bool FragmentStore::matches(const Place& place, const Fragment& fragment) noexcept {
  // The header after an IPv6 fragment header may differ from one fragment to the next.
  return place.id == fragment.id && place.is_v6 == fragment.is_v6 &&
         (place.is_v6 || place.protocol == fragment.protocol) && place.source == fragment.source &&
         place.destination == fragment.destination;
}

FragmentStore::Place* FragmentStore::find(const Fragment& fragment) noexcept {
  if (busy_ == 0) return nullptr;
  for (Place& place : places_) {
    const bool alive = place.state == State::waiting || place.state == State::discarded;
    if (!alive || !matches(place, fragment)) continue;
    if (fragment.arrived - place.first <= timeout) return &place;
    abandon(place, DecodeCount::fragments_expired); // the identification is in use again
    return nullptr;
  }
  return nullptr;
}

FragmentStore::Place* FragmentStore::make_room() noexcept {
  Place* oldest = nullptr;
  for (Place& place : places_) {
    if (place.state == State::unused) return &place;
    if (place.state == State::lent) continue;
    if (oldest == nullptr || place.first < oldest->first) oldest = &place;
  }
  if (oldest != nullptr) abandon(*oldest, DecodeCount::fragments_evicted);
  return oldest;
}

FragmentStore::Place* FragmentStore::open(const Fragment& fragment) noexcept {
  Place* place = make_room();
  if (place == nullptr) return nullptr;
  *place = Place{};
  place->source = fragment.source;
  place->destination = fragment.destination;
  place->id = fragment.id;
  place->protocol = fragment.protocol;
  place->is_v6 = fragment.is_v6;
  place->first = fragment.arrived;
  place->state = State::waiting;
  std::memset(bitmap(*place), 0, kBitmapBytes);
  ++busy_;
  return place;
}

std::optional<NoSegment> FragmentStore::add(const Fragment& fragment, Datagram& whole) noexcept {
  const std::size_t end = fragment.offset + fragment.bytes.size();
  if (end > datagram_bytes_max) return NoSegment::fragment_too_large;
  if (fragment.bytes.empty() || (fragment.more && fragment.bytes.size() % kUnit != 0)) {
    return NoSegment::fragment_malformed;
  }
  Place* place = find(fragment);
  if (place == nullptr) place = open(fragment);
  if (place == nullptr) return NoSegment::fragment_no_room;
  if (place->state == State::discarded) return NoSegment::fragment_overlap;
  return put(*place, fragment, whole);
}

std::optional<NoSegment> FragmentStore::put(Place& place, const Fragment& fragment,
                                            Datagram& whole) noexcept {
  const auto end = static_cast<std::uint32_t>(fragment.offset + fragment.bytes.size());
  const bool beyond_end =
      place.last_seen && (end > place.end || (!fragment.more && end != place.end));
  const bool ends_before = !place.last_seen && !fragment.more && end < place.end;
  if (beyond_end || ends_before) return reject_overlap(place);

  const std::size_t there = units_there(place, fragment);
  if (there == units_of(fragment.bytes.size())) {
    const bool same = std::memcmp(data(place) + fragment.offset, fragment.bytes.data(),
                                  fragment.bytes.size()) == 0;
    place.overlapped |= !same;
    return place.is_v6 && !same ? reject_overlap(place) : NoSegment::fragment_repeated;
  }
  if (there != 0 && place.is_v6) return reject_overlap(place);
  place.overlapped |= there != 0;

  copy(place, fragment);
  if (fragment.offset == 0) place.protocol = fragment.protocol;
  place.end = std::max(place.end, end);
  place.last_seen = place.last_seen || !fragment.more;
  if (!place.last_seen || place.units != units_of(place.end)) {
    ++place.frames;
    return NoSegment::fragment_held;
  }
  counters_.add(DecodeCount::fragments_joined, place.frames);
  place.state = State::lent;
  whole = {.bytes = {data(place), place.end},
           .protocol = place.protocol,
           .overlapped = place.overlapped};
  return std::nullopt;
}

std::size_t FragmentStore::units_there(const Place& place,
                                       const Fragment& fragment) const noexcept {
  const std::size_t first = fragment.offset / kUnit;
  std::size_t there = 0;
  for (std::size_t i = 0; i < units_of(fragment.bytes.size()); ++i) {
    if (test(bitmap(place), first + i)) ++there;
  }
  return there;
}

void FragmentStore::copy(Place& place, const Fragment& fragment) noexcept {
  const std::size_t first = fragment.offset / kUnit;
  for (std::size_t i = 0; i < units_of(fragment.bytes.size()); ++i) {
    if (test(bitmap(place), first + i)) continue; // what came first stays
    const std::size_t at = i * kUnit;
    std::memcpy(data(place) + fragment.offset + at, fragment.bytes.data() + at,
                std::min(kUnit, fragment.bytes.size() - at));
    set(bitmap(place), first + i);
    ++place.units;
  }
}

// In IPv6 the whole datagram is to go, with what of it is yet to come; in IPv4
// only the fragment that does not fit.
NoSegment FragmentStore::reject_overlap(Place& place) noexcept {
  place.overlapped = true;
  if (place.is_v6) {
    counters_.add(DecodeCount::fragments_discarded, place.frames);
    place.frames = 0;
    place.state = State::discarded;
  }
  return NoSegment::fragment_overlap;
}

void FragmentStore::abandon(Place& place, DecodeCount reason) noexcept {
  counters_.add(reason, place.frames);
  place.state = State::unused;
  --busy_;
}

void FragmentStore::end_burst(Instant now) noexcept {
  if (busy_ == 0) return;
  for (Place& place : places_) {
    if (place.state == State::lent) {
      place.state = State::unused;
      --busy_;
    } else if (place.state != State::unused && now - place.first > timeout) {
      abandon(place, DecodeCount::fragments_expired);
    }
  }
}

} // namespace xdpcap::wire
