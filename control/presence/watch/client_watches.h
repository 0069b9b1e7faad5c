#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <sluice/internal/v1/envelope.pb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/cluster/gather.h"
#include "control/cluster/members.h"
#include "control/presence/watch/cluster_view.h"
#include "control/presence/watch/watcher.h"
#include "edge/base/scheduler.h"

namespace sluice {

// Everyone who watches clients by way of this replica, and the view of the cluster that they share.
//
// The view is made by asking every replica for a lease, under which it tells what changes, and then
// for its clients; what is told meanwhile is held and applied afterwards. Changes of a replica are
// numbered, so that a loss is noticed; then the same is done again, and what differs is told. After
// a break of this replica's own subscription every watch gets a new snapshot.
//
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: the view is there only while somebody watches. kHeldBytesMax of changes wait for it.
class ClientWatches {
 public:
  static constexpr absl::Duration kLease = absl::Seconds(10);
  static constexpr absl::Duration kRenewal = absl::Seconds(3);
  static constexpr absl::Duration kSyncPause = absl::Seconds(1);
  static constexpr std::size_t kHeldBytesMax = std::size_t{64} << 20;

  ClientWatches(std::string replica_id, Scheduler& scheduler, Gather& gather,
                const Members& members);

  void Start(WatchQuery query, CallerPointer caller, std::shared_ptr<WatchOutlet> outlet);
  // Events of the outlet have gone out.
  void OnWritten(const WatchOutlet* outlet, std::size_t count, std::size_t bytes);
  void End(const WatchOutlet* outlet);

  // From a replica, this one included.
  void OnChanges(const internal::v1::PresenceChanges& changes);

  // This replica has not heard the others for a while, and hears them again.
  void OnInterrupted();
  void OnHeardAgain();

  // Members may have come or gone; one has ended in good order.
  void OnMembers();
  void OnMemberLeft(const std::string& replica_id);

 private:
  // What has been heard of a replica.
  struct Replica {
    std::string process_id;
    std::uint64_t next_sequence = 0;
    std::uint64_t leased_sequence = 0;  // As it said when it last answered.
  };
  // The making of the view.
  struct Sync {
    absl::btree_map<std::string, Replica> replicas;
    absl::btree_map<std::string, ClusterView::ReplicaClients> clients;
    std::vector<internal::v1::PresenceChanges> held;
    std::size_t held_bytes = 0;
    absl::btree_set<std::string> unreachable;
    bool is_stale = false;  // Something was missed meanwhile.
  };

  void AskForLeases(Gather::Done done);
  void Renew();
  void OnRenewed(const Gather::Answers& gathered);
  // Soon, and not more often than every kSyncPause.
  void RequestSync();
  void BeginSync();
  void ReadPage(const std::string& after);
  void OnPage(Gather::Answers gathered);
  void FinishSync();
  // False: some are missing in between.
  static bool Follows(Replica& replica, const internal::v1::PresenceChanges& changes);
  void NoteMember(const std::string& replica_id);
  void ForgetMember(const std::string& replica_id);
  void OnViewChanged(const ClusterView::Change& change);
  void StartSnapshots();
  void Continue(const WatchOutlet* outlet);
  void RemoveFailed();

  const std::string replica_id_;
  Scheduler& scheduler_;
  Gather& gather_;
  const Members& members_;
  absl::flat_hash_map<const WatchOutlet*, std::unique_ptr<Watcher>> watchers_;
  std::uint64_t generation_ = 0;  // Of the view; later ones begin when there was no watcher.
  ClusterView view_;
  bool has_view_ = false;
  bool needs_snapshots_ = false;
  bool is_sync_requested_ = false;
  absl::Duration synced_ = -absl::InfiniteDuration();  // Uptime.
  std::unique_ptr<Sync> sync_;                         // Null: none is under way.
  std::vector<std::string> unreachable_;               // As of the last one.
  absl::btree_map<std::string, Replica> replicas_;
  // Other members that watchers know of, with since when they are missing, as uptime; infinite:
  // they are there.
  absl::btree_map<std::string, absl::Duration> known_members_;
};

}  // namespace sluice
