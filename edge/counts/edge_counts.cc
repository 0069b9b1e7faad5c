#include "edge/counts/edge_counts.h"

namespace sluice {
namespace {

template <std::size_t kSize>
void AddEach(std::array<std::uint64_t, kSize>& sums,
             const std::array<std::uint64_t, kSize>& others) {
  for (std::size_t i = 0; i < kSize; ++i) sums[i] += others[i];
}

}  // namespace

void EdgeCounts::Add(const EdgeCounts& other) {
  opened += other.opened;
  AddEach(closed, other.closed);
  AddEach(refused, other.refused);
  AddEach(door, other.door);
  delivered += other.delivered;
  delivered_bytes += other.delivered_bytes;
  dropped += other.dropped;
  fan_out.Add(other.fan_out);
  outbox.pushed_out += other.outbox.pushed_out;
  outbox.refused += other.outbox.refused;
  outbox.expired += other.outbox.expired;
  outbox.conflated += other.outbox.conflated;
}

}  // namespace sluice
