#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/fan_out/fan_out.h"

namespace sluice {

// A channel whose events above a sequence number are wanted.
struct ResumeSpan {
  std::string channel;
  std::uint64_t after = 0;
};

// The newest events of the channels that this replica is subscribed to, so that a stream that comes
// back costs no read of what is kept elsewhere.
//
// A channel is covered from a number on: every event of it with a greater number that has reached
// this replica is in the ring [rule "covered" of the design]. Only covered channels are served.
//
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: `bytes_max` of events, the oldest go first and take their channel's coverage with them;
//         an entry a recorded channel besides.
class ResumeRing {
 public:
  explicit ResumeRing(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // The channel is subscribed: its events are kept from now on. Nothing happens if they are.
  void Record(const std::string& channel);

  // Everything of this epoch above `since` has come to Add or will, since the channel is recorded.
  // One that is covered already stays covered from where it was.
  void Cover(const std::string& channel, std::uint64_t since);

  // The channel is not subscribed any more, or some of its events were missed.
  void Forget(const std::string& channel);
  void Clear();

  // Ignores channels that are not recorded. Numbers grow with each call.
  void Add(const std::string& channel, const OrderedEvent& event);

  // The events of all spans in order; none when a channel is not covered from its span on.
  std::optional<std::vector<OrderedEvent>> Read(const std::vector<ResumeSpan>& spans) const;

  bool Covers(const std::vector<ResumeSpan>& spans) const;

  std::size_t size_bytes() const { return bytes_; }

 private:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  struct Channel {
    std::uint64_t covered_since = kNever;
    std::uint64_t dropped_to = 0;  // The last event that was dropped to save memory.
    bool is_recorded = true;
    std::deque<OrderedEvent> events;
  };

  void DropOldest();

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  // Recorded and without events: since when they are covered.
  absl::flat_hash_map<std::string, std::uint64_t> idle_;
  absl::flat_hash_map<std::string, std::shared_ptr<Channel>> channels_;
  // One entry an event, the oldest first. Those of forgotten channels are stale.
  std::deque<std::shared_ptr<Channel>> order_;
};

}  // namespace sluice
