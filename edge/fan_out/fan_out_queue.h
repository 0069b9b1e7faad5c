#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "edge/base/clock.h"
#include "edge/base/thread_checker.h"
#include "edge/counts/edge_counts.h"
#include "edge/fan_out/audience_index.h"
#include "edge/fan_out/block.h"
#include "edge/fan_out/fan_out.h"

namespace sluice {

// Takes a shard's events to its sessions, in one order, without letting a big audience hold up a
// small one.
//
// Events are first added, as the mailbox gives them, and gathered into blocks. Start then delivers
// blocks for small audiences whole and queues those for big ones, which RunSlice takes on
// kSliceSessions at a time. Both end after about so many sends, so that accepts, reads and
// heartbeats come in between; what is left is for the next RunSlice. A small send may
// overtake a big fan-out without reordering any connection: before it writes to a session, it
// delivers to it every queued block that the session has still to get, and the slices skip the
// session later ("serves pending fan-outs", the design's rule "overtake"). What a session has got
// is a number, the order of its last event.
//
// Owner:  the shard.
// Thread: the shard.
// Limits: the cluster bounds the bytes that are on their way.
class FanOutQueue {
 public:
  // At 5 µs a send a slice is over in well below a millisecond, and what comes between two slices
  // costs about as much as one send.
  static constexpr std::size_t kSliceSessions = 128;
  // Audiences up to this size are served whole. Their sends are what may overtake.
  static constexpr std::size_t kSmallAudience = 64;

  FanOutQueue(AudienceIndex& index, const Clock& clock, EdgeCounts& counts)
      : index_(index), clock_(clock), counts_(counts) {}

  // Takes an event. Nothing is delivered before Start.
  void Add(FanOut fan_out);

  // Delivers or queues what was added, up to a slice. True if RunSlice has work.
  bool Start();

  // Delivers the first queued block to its next sessions, and goes on with what was added. True if
  // there is more work.
  bool RunSlice();

  // Delivers or queues all that was added, however long it takes.
  void Flush();

  // Call when a session joins its audiences: it gets no event added before, and none up to `order`.
  void ServeFrom(Session& session, std::uint64_t order);

  // Makes a session that has joined its audiences a member of just these groups: what was added
  // before reaches it as a member of its groups of before, what is added later as one of these.
  void SetGroups(Session& session, const std::vector<std::string>& groups);

  // Brings the session up to date with every queued block, before something else is written to it.
  // How many sends that took at most.
  std::size_t ServePending(Session& session);

  // The same with what was added and has not been started.
  void ServeAll(Session& session);

 private:
  // The walk of the first queued block over its audience.
  struct Walk {
    bool has_begun = false;
    std::size_t slots = 0;    // The audience's size at the begin; later members have joined later.
    std::size_t first = 0;    // Another place each time, so that nobody is always last.
    std::size_t visited = 0;  // How many of the slots are done.
  };

  // These two return how many sends they took at most.
  std::size_t StartFirst();
  std::size_t DeliverWhole(Block& block);
  void Queue(Block& block);
  void WalkOn();

  ThreadChecker thread_;
  AudienceIndex& index_;
  const Clock& clock_;
  EdgeCounts& counts_;
  std::uint64_t last_order_ = 0;
  std::size_t rotation_ = 0;
  std::deque<Block> added_;    // Their audiences are pinned.
  std::deque<Block> pending_;  // Their audiences are pinned.
  Walk walk_;
};

}  // namespace sluice
