#pragma once

#include <absl/functional/any_invocable.h>
#include <sluice/internal/v1/envelope.pb.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/presence/directory.h"
#include "edge/base/scheduler.h"
#include "edge/connection_description.h"

namespace sluice {

// Tells of every change among this replica's clients, in order, while somebody watches: under a
// lease that watching replicas renew. Nobody watches most of the time, and then it costs nothing.
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: holds kChangesMax changes that have not gone out. Beyond that they are forgotten, which
//         watchers see by their numbers.
class PresenceFeed : public Directory::Listener {
 public:
  static constexpr std::size_t kChangesMax = 100'000;
  static constexpr absl::Duration kGatherFor = absl::Milliseconds(20);
  static constexpr std::size_t kMessageBytes = std::size_t{256} << 10;

  // Gives `done` what is known of the connections that are still open, on the cluster thread.
  using Described = absl::AnyInvocable<void(std::vector<ConnectionDescription>)>;
  using Describe = std::function<void(const std::vector<ConnectionId>&, Described done)>;
  using Send = std::function<void(const internal::v1::PresenceChanges&)>;

  // `send_here` gets the changes while this replica watches, `send_out` while another one does.
  PresenceFeed(std::string replica_id, Scheduler& scheduler, Describe describe, Send send_here,
               Send send_out);

  // What changes from now on, for so long at least, is told. `for_self`: this replica watches.
  internal::v1::WatchAnswer Extend(bool for_self, absl::Duration duration);

  // Directory::Listener
  void OnOpened(const Directory::Client& client, const Directory::Connection& connection) override;
  void OnGroupsChanged(const Directory::Client& client,
                       const Directory::Connection& connection) override;
  void OnEnded(const std::string& client_id, ConnectionId id, EndReason reason) override;
  void OnRecordChanged(const Directory::Client& client) override;

 private:
  bool IsWatched() const;
  internal::v1::PresenceChange ChangeOf(const Directory::Client& client,
                                        const Directory::Connection& connection) const;
  void Add(internal::v1::PresenceChange change);
  void ScheduleFlush();
  void Flush();
  void SendOut(std::vector<internal::v1::PresenceChange> changes);

  const std::string replica_id_;
  // Tells this process from another with the same replica id.
  const std::string process_id_;
  Scheduler& scheduler_;
  const Describe describe_;
  const Send send_here_;
  const Send send_out_;
  absl::Duration here_until_ = -absl::InfiniteDuration();  // Uptime.
  absl::Duration out_until_ = -absl::InfiniteDuration();
  std::uint64_t sent_sequence_ = 0;  // Of the last change that has gone out.
  std::vector<internal::v1::PresenceChange> unsent_;
  bool is_flushing_ = false;
};

}  // namespace sluice
