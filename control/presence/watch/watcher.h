#pragma once

#include <absl/status/status.h>
#include <sluice/v1/watch_clients.pb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/caller/caller.h"
#include "control/presence/watch/cluster_view.h"

namespace sluice {

// Which clients are watched.
struct WatchQuery {
  std::string prefix;
  std::string group;
  google::protobuf::Map<std::string, std::string> metadata_match;
};

// Where what is watched goes: a call.
// Thread: called on the cluster thread.
class WatchOutlet {
 public:
  virtual ~WatchOutlet() = default;

  // Takes the event, and returns its bytes. ClientWatches::OnWritten tells when it has gone out.
  virtual std::size_t Send(const v1::WatchClientsResponse& event) = 0;

  // The last call.
  virtual void Fail(const absl::Status& status) = 0;
};

// One who watches: first told all clients that match, then every change of them.
// Owner:  ClientWatches.
// Thread: the cluster thread.
// Limits: events that have not gone out: kEventsMax, kBytesMax. Beyond that the watch fails.
class Watcher {
 public:
  static constexpr std::size_t kEventsMax = 200'000;
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20;

  Watcher(WatchQuery query, CallerPointer caller, std::shared_ptr<WatchOutlet> outlet);

  // Begins the snapshot, or begins it anew. `unreachable`: replicas whose clients may be missing.
  void StartSnapshot(std::vector<std::string> unreachable);

  // Goes on with the snapshot as far as there is room. True: it can go on now.
  bool Continue(const ClusterView& view);

  void OnChange(const ClusterView::Change& change);
  void OnReplicaJoined(const std::string& replica_id);
  void OnReplicaLeft(const std::string& replica_id);

  void OnWritten(std::size_t count, std::size_t bytes) {
    events_ahead_ -= count;
    bytes_ahead_ -= bytes;
  }

  // RESOURCE_EXHAUSTED once it is too slow.
  const absl::Status& status() const { return status_; }

 private:
  // A client is told of in the order of ids while the snapshot goes on.
  enum class Stage { kWaiting, kSnapshot, kLive };

  bool Matches(const std::string& client_id, const ClientState& state) const;
  bool IsTold(const std::string& client_id) const;
  v1::Client ReachedView(const std::string& client_id, const ClientState& state) const;
  std::vector<std::string> ReachedGroups(const ClientState& state) const;
  void TellChanged(const ClusterView::Change& change);
  void TellDisconnected(const ClusterView::Change& change);
  void Send(const v1::WatchClientsResponse& event);

  const WatchQuery query_;
  const CallerPointer caller_;
  const std::shared_ptr<WatchOutlet> outlet_;
  Stage stage_ = Stage::kWaiting;
  bool was_live_ = false;  // A snapshot has been complete.
  std::string cursor_;     // The last client that the snapshot has been through.
  std::vector<std::string> unreachable_;
  // Given to the outlet, and not gone out yet.
  std::size_t events_ahead_ = 0;
  std::size_t bytes_ahead_ = 0;
  absl::Status status_;
};

}  // namespace sluice
