#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>

#include <string>
#include <string_view>

#include "edge/names/connection_id.h"
#include "edge/resume/replay.h"
#include "edge/session/session.h"

namespace sluice {

// Writes pages to sessions that are not live yet, and knows who waits for them to be taken.
// Owner:  the shard.
// Thread: the shard.
// Limits: one entry a session that has not taken its page yet; whoever sends pages bounds them.
class Replays {
 public:
  explicit Replays(std::string_view replica_id) : replica_id_(replica_id) {}

  // Writes the page. `drained` as of EventStreams::Replay.
  void Write(Session& session, const ReplayPage& page, absl::AnyInvocable<void()> drained);

  // Nothing waits for the session any more.
  void OnDrained(const Session& session);

  void Forget(const Session& session) { waiting_.erase(session.id()); }

 private:
  const std::string replica_id_;
  absl::flat_hash_map<ConnectionId, absl::AnyInvocable<void()>> waiting_;
};

}  // namespace sluice
