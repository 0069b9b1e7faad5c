#pragma once

#include <absl/functional/any_invocable.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/fan_out/fan_out.h"
#include "edge/names/connection_id.h"
#include "edge/names/event_number.h"
#include "edge/resume/replay.h"

namespace sluice {

// How a caller wants streams to end.
struct Dismissal {
  std::string message;             // What `sluice.end` says besides the reason `disconnected`.
  absl::Duration reconnect_after;  // Zero: the reconnection time of each stream.
};

// The event streams of a replica, as the control plane writes to them.
// Thread: one thread for all calls, because their order is the order of what streams get.
class EventStreams {
 public:
  virtual ~EventStreams() = default;

  // Writes to a stream that was announced and is not live yet. `drained` is called on any thread
  // when it has taken what waited for it, and never if the page makes it live or the stream ends.
  virtual void Replay(ConnectionId id, ReplayPage page, absl::AnyInvocable<void()> drained) = 0;

  // The stream is in these groups, sorted, each once: of the events delivered before this call it
  // gets those of its groups of before, of later ones those of these.
  virtual void SetGroups(ConnectionId id, std::vector<std::string> groups) = 0;

  // The metadata of the stream's client, by which events are filtered: those delivered or replayed
  // after this call are. Null: none.
  virtual void SetMetadata(ConnectionId id, std::shared_ptr<const MetadataScalars> metadata) = 0;

  // A live stream gets what was delivered before this call and then no more, until the last page
  // that is replayed to it makes it live again, in these groups.
  virtual void Hold(ConnectionId id, std::vector<std::string> groups) = 0;

  // Ends these streams, behind what waits for them. `done` gets as `entered` how many there were;
  // it is called on a shard's thread, or before this returns.
  virtual void End(const std::vector<ConnectionId>& ids, const Dismissal& dismissal,
                   absl::AnyInvocable<void(FanOutResult)> done) = 0;

  // `event.order` grows with each call. `shards`: indexes of the shards that may hold sessions of
  // the target, each once. `done` is called on a shard's thread, or before this returns when
  // `shards` is empty.
  virtual void Deliver(const std::vector<int>& shards, const Target& target,
                       const OrderedEvent& event, absl::AnyInvocable<void(FanOutResult)> done) = 0;

  // Tells every live stream of the target that it may have missed something between these numbers,
  // behind what it has got so far. `carries_id`: it goes on from `to`.
  virtual void TellGap(const Target& target, std::string_view reason, const EventNumber& from,
                       const EventNumber& to, bool carries_id) = 0;

  // Live streams have been given everything up to this number that is for them; those that got
  // nothing for a while are told, so that they can resume from it.
  virtual void SetPosition(const EventNumber& position, std::uint64_t order) = 0;
};

}  // namespace sluice
