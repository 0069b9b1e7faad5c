#pragma once

#include <absl/time/time.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "edge/sse/server_events.h"

namespace sluice {

// How often something took how long.
class DurationCounts {
 public:
  // Upper bounds of the buckets in seconds; one more bucket has none.
  static constexpr std::array<double, 12> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                     0.01,   0.05,    0.1,    0.5,   1,      5};

  void Add(absl::Duration duration, std::uint64_t times = 1) {
    const double seconds = absl::ToDoubleSeconds(duration);
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    counts_[bucket] += times;
    sum_s_ += seconds * static_cast<double>(times);
  }

  void Add(const DurationCounts& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_s_ += other.sum_s_;
  }

  // By bucket, not cumulative.
  const std::array<std::uint64_t, kBounds.size() + 1>& counts() const { return counts_; }
  double sum_s() const { return sum_s_; }

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};
  double sum_s_ = 0;
};

// Events that were waiting for slow streams and never went out.
struct OutboxCounts {
  std::uint64_t pushed_out = 0;  // drop-oldest
  std::uint64_t refused = 0;     // drop-newest
  std::uint64_t expired = 0;
  std::uint64_t conflated = 0;
};

// Why a stream was not let in, besides what the door said.
enum class RefusedFor { kDrain, kTotal, kAddress, kClient, kGroup, kRate, kBlocked, kCount };

enum class DoorResult { kAdmitted, kDenied, kStuck, kCount };

// What a shard has seen since it started, or all of them. A shard's is touched by the shard alone;
// whoever wants to know asks it.
struct EdgeCounts {
  std::uint64_t opened = 0;
  std::array<std::uint64_t, kEndReasonCount> closed{};  // By EndReason.
  std::array<std::uint64_t, static_cast<std::size_t>(RefusedFor::kCount)> refused{};
  std::array<std::uint64_t, static_cast<std::size_t>(DoorResult::kCount)> door{};
  std::uint64_t delivered = 0;
  std::uint64_t delivered_bytes = 0;
  std::uint64_t dropped = 0;  // Deliveries that a stream refused, or was ended over.
  // From an event's arrival at this replica until each of the shard's streams had it in its kernel
  // buffer or outbox.
  DurationCounts fan_out;
  OutboxCounts outbox;

  void Add(const EdgeCounts& other);
};

}  // namespace sluice
