#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <vector>

#include "edge/sse/frame.h"

namespace sluice {

// What a connection has not taken yet: frames by reference, in order, the first one perhaps partly
// written. It exists only while there is something in it.
// Owner:  the session.
// Thread: the session's shard.
// Limits: none of its own; the session refuses what would exceed --outbox-bytes.
class Outbox {
 public:
  bool empty() const { return first_ == frames_.size(); }

  // What the frames in it cost (Frame::cost); a partly written one counts whole.
  std::size_t cost() const { return cost_; }

  // `written` bytes of the frame have gone out already; only the first frame can have any.
  void Push(FramePointer frame, std::size_t written);

  // Fills `parts` with the next bytes to write; returns how many parts it used.
  int Gather(iovec* parts, int parts_max) const;

  // `bytes` of what Gather showed have been written.
  void Consume(std::size_t bytes);

  // Drops every frame that has not been begun. What has been begun must be finished, or the event
  // stream would break inside an event.
  void DropUnbegun();

 private:
  void Compact();

  std::vector<FramePointer> frames_;
  std::size_t first_ = 0;          // Those before it are done.
  std::size_t first_written_ = 0;  // Bytes of the first frame that have been written.
  std::size_t cost_ = 0;
};

}  // namespace sluice
