#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "edge/counts/edge_counts.h"
#include "edge/names/event_number.h"
#include "edge/sse/frame.h"

namespace sluice {

// What happens to a stream that has as much waiting as it may (--slow-consumer).
enum class SlowConsumer {
  kDisconnect,  // It ends, and resumes when it comes back.
  kDropOldest,  // The events that have waited longest make room for the new one.
  kDropNewest,  // The new event is refused.
};

// What a connection has not taken yet: frames by reference, in order, the first one perhaps partly
// written. It exists only while there is something in it.
//
// Events that are dropped leave a gap at their place, `sluice.gap` with the reason `dropped`, and
// what is dropped next to a gap widens it. Events that expire, or that a newer one with their key
// replaces, leave nothing.
//
// Owner:  the session.
// Thread: the session's shard.
// Limits: none of its own; the session refuses what would exceed --outbox-bytes.
class Outbox {
 public:
  // `position`: the last id that was written before what comes into it.
  // `counts` may be null.
  explicit Outbox(const EventNumber& position = {}, OutboxCounts* counts = nullptr)
      : position_(position), counts_(counts) {}

  bool empty() const { return first_ == frames_.size(); }

  // What the frames in it cost (Frame::cost); a partly written one counts whole.
  std::size_t cost() const { return cost_; }

  // The last id of what has been written.
  const EventNumber& position() const { return position_; }

  // `written` bytes of the frame have gone out already; only the first frame can have any. A frame
  // with the same conflation key that has not been begun goes.
  void Push(FramePointer frame, std::size_t written);

  // Fills `parts` with the next bytes to write; returns how many parts it used.
  int Gather(iovec* parts, int parts_max) const;

  // `bytes` of what Gather showed have been written.
  void Consume(std::size_t bytes);

  // Drops every frame that has not been begun. What has been begun must be finished, or the event
  // stream would break inside an event.
  void DropUnbegun();

  // Drops what has expired and has not been begun.
  void DropExpired(absl::Duration uptime);

  // Drops the oldest events that have not been begun, as many as it takes to get to this cost.
  // False if there are not enough of them.
  bool DropOldest(std::size_t cost_max);

  // The frame is dropped before it comes in: the gap that tells it is put at the end.
  void Refuse(const Frame& frame);

 private:
  void Count(std::uint64_t OutboxCounts::*what) {
    if (counts_ != nullptr) ++(counts_->*what);
  }
  bool HasBegun(std::size_t place) const { return place == first_ && first_written_ > 0; }
  // The frame before this place; frames_.size() if there is none.
  std::size_t Before(std::size_t place) const;
  // A gap is there that can be widened.
  bool IsWidening(std::size_t place) const;
  FramePointer MakeGap(std::size_t before, const Frame& dropped) const;
  void Put(std::size_t place, FramePointer frame);
  void Take(std::size_t place);
  void Key(std::size_t place);
  void Unkey(std::size_t place);
  void ReplaceWithGap(std::size_t place);
  void SkipTaken();
  void Compact();

  // Null where a frame was taken out of the middle, but never at first_.
  std::vector<FramePointer> frames_;
  std::size_t first_ = 0;          // Those before it are done.
  std::size_t first_written_ = 0;  // Bytes of the first frame that have been written.
  std::size_t cost_ = 0;
  std::size_t compacted_size_ = 0;  // Of frames_ when nulls were last taken out.
  std::size_t with_rules_ = 0;      // Frames that have rules.
  EventNumber position_;
  OutboxCounts* counts_;
  // Places of the frames with a conflation key, which is the frame's own.
  absl::flat_hash_map<std::string_view, std::size_t> places_by_key_;
};

}  // namespace sluice
