#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "edge/names/event_number.h"

namespace sluice {

// Makes of the cluster's numbers one sequence that grows for as long as this replica lives, also
// where another epoch begins with smaller numbers: what the edge orders events by.
// Thread: the cluster thread.
class EventOrder {
 public:
  // The replica has come to this number, which is above those of the same epoch before.
  std::uint64_t Advance(const EventNumber& number) {
    if (number.epoch != epoch_) {
      epoch_ = number.epoch;
      offset_ = last_ >= number.sequence ? last_ + 1 - number.sequence : 0;
    }
    return Of(number);
  }

  // Of a number of the present epoch, perhaps one that the replica has still to come to: a stream
  // that stands there takes what the next epoch brings.
  std::uint64_t Of(const EventNumber& number) {
    const std::uint64_t order = number.sequence + offset_;
    last_ = std::max(last_, order);
    return order;
  }

 private:
  std::array<char, 8> epoch_{};
  std::uint64_t offset_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace sluice
