#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/functional/any_invocable.h>
#include <absl/time/time.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "edge/fan_out/audience_index.h"
#include "edge/names/connection_id.h"
#include "edge/names/event_number.h"
#include "edge/sse/frame.h"

namespace sluice {

// Which of the target's sessions get the event. Every part that is set must hold.
struct DeliveryFilter {
  // Only sessions in this group. Empty: all.
  std::string group;
  std::optional<ConnectionId> connection_id;
  absl::flat_hash_set<std::string> except_client_ids;
  // Only sessions whose client's metadata holds all of these.
  MetadataScalars metadata_match;

  friend bool operator==(const DeliveryFilter&, const DeliveryFilter&) = default;
};

// An event of the backplane as streams get it, encoded once for the replica.
struct OrderedEvent {
  EncodedEvent bytes;
  std::shared_ptr<const DeliveryFilter> filter;  // Null: every session of the target.
  std::shared_ptr<const QueueRules> rules;       // Null: none.
  EventNumber number;
  // Its bytes carry an id that a stream can resume from.
  bool is_resumable = false;
  // Its place in the order of this replica's events: grows with each, also where the cluster's
  // numbers begin anew with another epoch.
  std::uint64_t order = 0;
  // When it came to this replica, as uptime of the clock.
  absl::Duration received;
};

// What a fan-out came to. A stream that had ended before, or found the event expired, is in
// neither.
struct FanOutResult {
  std::int64_t entered = 0;  // Outboxes (or kernel buffers) that took the event.
  std::int64_t dropped = 0;  // Sessions that refused it or were ended over it.
};

// Collects the shards' parts of a fan-out's result.
// Thread: any; `done` runs on the thread of the last part.
class FanOutReceipt {
 public:
  FanOutReceipt(int parts, absl::AnyInvocable<void(FanOutResult)> done)
      : parts_missing_(parts), done_(std::move(done)) {}

  void AddPart(FanOutResult part) {
    entered_.fetch_add(part.entered, std::memory_order_relaxed);
    dropped_.fetch_add(part.dropped, std::memory_order_relaxed);
    // Acquire and release: the last part sees what all others added.
    if (parts_missing_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    done_({entered_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed)});
  }

 private:
  std::atomic<std::int64_t> entered_{0};
  std::atomic<std::int64_t> dropped_{0};
  std::atomic<int> parts_missing_;
  absl::AnyInvocable<void(FanOutResult)> done_;
};

// One event for one target, on its way to a shard.
struct FanOut {
  Target target;
  OrderedEvent event;
  std::shared_ptr<FanOutReceipt> receipt;
};

}  // namespace sluice
