#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The place of an event in the one order of the cluster: an epoch, and a sequence number that grows
// within it. As text `EPOCH-SEQ`: 8 characters of a-z and 2-7, a dash, 16 or more digits. The
// sequence number is the time in microseconds or the last one plus one, so an id tells its time.
struct EventNumber {
  std::array<char, 8> epoch = {'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a'};
  std::uint64_t sequence = 0;

  std::string ToString() const;

  // None when `text` is not of the form EPOCH-SEQ or its sequence does not fit 64 bits.
  static std::optional<EventNumber> Parse(std::string_view text);

  // True also for numbers too large to parse: such a text must not be anybody's custom id.
  static bool HasForm(std::string_view text);

  friend bool operator==(const EventNumber&, const EventNumber&) = default;
};

}  // namespace sluice
