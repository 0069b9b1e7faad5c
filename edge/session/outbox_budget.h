#pragma once

#include <atomic>
#include <cstddef>

namespace sluice {

// The sum of what all outboxes of the replica hold, against --outbox-total-bytes.
// Owner:  the edge; outlives the shards.
// Thread: any shard. Touched only when a frame has to wait, never by a delivery that the kernel
//         takes at once.
class OutboxBudget {
 public:
  explicit OutboxBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Relaxed: it is a sum to compare, and guards no other data.
  void Add(std::size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Subtract(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  bool IsExceeded() const { return used() > bytes_max_; }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace sluice
