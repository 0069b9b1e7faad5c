#include "control/presence/watch/watcher.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <utility>

#include "control/backplane/record.h"
#include "control/caller/reach/request_reach.h"
#include "control/request/error_reason.h"

namespace sluice {
namespace {

// So many events of a snapshot are on their way, the rest waits where it costs nothing.
constexpr std::size_t kSnapshotAhead = 256;
// How many clients are looked at in one turn.
constexpr std::size_t kLooks = 2'000;
constexpr char kFiltered[] = "filter";

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

absl::Status TooSlow() {
  return WithReason(absl::ResourceExhaustedError(
                        "this watch is too far behind; start it again, and take events faster"),
                    "WATCH_TOO_SLOW");
}

bool HaveSameRecord(const ClientState& a, const ClientState& b) {
  if (a.record == b.record) return true;
  const internal::v1::ClientRecord& none = internal::v1::ClientRecord::default_instance();
  const auto& of_a = a.record == nullptr ? none : *a.record;
  const auto& of_b = b.record == nullptr ? none : *b.record;
  return of_a.version() == of_b.version() &&
         google::protobuf::util::MessageDifferencer::Equals(of_a.metadata(), of_b.metadata());
}

}  // namespace

Watcher::Watcher(WatchQuery query, CallerPointer caller, std::shared_ptr<WatchOutlet> outlet)
    : query_(std::move(query)), caller_(std::move(caller)), outlet_(std::move(outlet)) {}

void Watcher::StartSnapshot(std::vector<std::string> unreachable) {
  stage_ = Stage::kSnapshot;
  // Of clients that the snapshot has told of, their end is told too.
  was_live_ = was_live_ || !cursor_.empty();
  cursor_.clear();
  unreachable_ = std::move(unreachable);
}

bool Watcher::Continue(const ClusterView& view) {
  if (stage_ != Stage::kSnapshot) return false;
  auto next = cursor_.empty() ? view.clients().begin() : view.clients().upper_bound(cursor_);
  for (std::size_t looks = 0; next != view.clients().end(); ++next) {
    if (events_ahead_ >= kSnapshotAhead) return false;
    if (looks++ == kLooks) return true;
    cursor_ = next->first;
    if (!Matches(next->first, next->second)) continue;
    v1::WatchClientsResponse event;
    *event.mutable_snapshot()->mutable_client() = ReachedView(next->first, next->second);
    Send(event);
  }
  stage_ = Stage::kLive;
  was_live_ = true;
  v1::WatchClientsResponse event;
  v1::WatchClientsResponse::SnapshotComplete& complete = *event.mutable_snapshot_complete();
  complete.mutable_unreachable()->Add(unreachable_.begin(), unreachable_.end());
  Send(event);
  return false;
}

bool Watcher::Matches(const std::string& client_id, const ClientState& state) const {
  if (!state.is_connected() || !HasPrefix(client_id, query_.prefix)) return false;
  if (caller_->is_narrowed() && !caller_->ReachesClient(client_id)) return false;
  if (!query_.group.empty()) {
    const bool is_in_group =
        std::any_of(state.connections.begin(), state.connections.end(), [this](const auto& entry) {
          const auto& groups = entry.second->groups();
          return std::find(groups.begin(), groups.end(), query_.group) != groups.end();
        });
    if (!is_in_group) return false;
  }
  if (query_.metadata_match.empty()) return true;
  return state.record != nullptr && HoldsScalars(state.record->metadata(), query_.metadata_match);
}

bool Watcher::IsTold(const std::string& client_id) const {
  return stage_ == Stage::kLive || (stage_ == Stage::kSnapshot && client_id <= cursor_);
}

v1::Client Watcher::ReachedView(const std::string& client_id, const ClientState& state) const {
  v1::Client client = ViewOf(client_id, state);
  KeepWithinReach(*caller_, client);
  return client;
}

std::vector<std::string> Watcher::ReachedGroups(const ClientState& state) const {
  std::vector<std::string> groups = GroupsOf(state);
  if (caller_->is_narrowed()) {
    std::erase_if(groups, [this](const auto& group) { return !caller_->ReachesGroup(group); });
  }
  return groups;
}

void Watcher::OnChange(const ClusterView::Change& change) {
  const bool did_match = Matches(change.client_id, change.before);
  const bool does_match = Matches(change.client_id, change.after);
  if (!IsTold(change.client_id)) {
    // The snapshot will have it as it is then. Of one that is gone an earlier snapshot may have
    // told, which this one can't take back.
    if (was_live_ && did_match && !does_match) TellDisconnected(change);
    return;
  }
  if (did_match && does_match) return TellChanged(change);
  if (did_match) return TellDisconnected(change);
  if (!does_match) return;
  v1::WatchClientsResponse event;
  v1::WatchClientsResponse::Connected& connected = *event.mutable_connected();
  *connected.mutable_client() = ReachedView(change.client_id, change.after);
  connected.set_connection_id(change.connection_id);
  connected.set_replica_id(change.replica_id);
  Send(event);
}

void Watcher::TellDisconnected(const ClusterView::Change& change) {
  v1::WatchClientsResponse event;
  v1::WatchClientsResponse::Disconnected& disconnected = *event.mutable_disconnected();
  disconnected.set_client_id(change.client_id);
  disconnected.set_connection_id(change.connection_id);
  disconnected.set_replica_id(change.replica_id);
  disconnected.set_reason(change.after.is_connected() ? kFiltered : change.reason);
  Send(event);
}

void Watcher::TellChanged(const ClusterView::Change& change) {
  if (change.before.connections.size() != change.after.connections.size()) {
    v1::WatchClientsResponse event;
    v1::WatchClientsResponse::ConnectionsChanged& changed = *event.mutable_connections_changed();
    changed.set_client_id(change.client_id);
    changed.set_connection_id(change.connection_id);
    changed.set_replica_id(change.replica_id);
    changed.set_connections(static_cast<std::int64_t>(change.after.connections.size()));
    Send(event);
  }
  const std::vector<std::string> groups = ReachedGroups(change.after);
  if (groups != ReachedGroups(change.before)) {
    v1::WatchClientsResponse event;
    v1::WatchClientsResponse::GroupsChanged& changed = *event.mutable_groups_changed();
    changed.set_client_id(change.client_id);
    changed.mutable_groups()->Add(groups.begin(), groups.end());
    Send(event);
  }
  if (!HaveSameRecord(change.before, change.after)) {
    v1::WatchClientsResponse event;
    v1::WatchClientsResponse::MetadataChanged& changed = *event.mutable_metadata_changed();
    changed.set_client_id(change.client_id);
    changed.mutable_metadata();
    if (change.after.record != nullptr) {
      *changed.mutable_metadata() = change.after.record->metadata();
      changed.set_metadata_version(change.after.record->version());
    }
    Send(event);
  }
}

void Watcher::OnReplicaJoined(const std::string& replica_id) {
  if (caller_->is_narrowed()) return;
  v1::WatchClientsResponse event;
  event.mutable_replica_joined()->set_replica_id(replica_id);
  Send(event);
}

void Watcher::OnReplicaLeft(const std::string& replica_id) {
  if (caller_->is_narrowed()) return;
  v1::WatchClientsResponse event;
  event.mutable_replica_left()->set_replica_id(replica_id);
  Send(event);
}

void Watcher::Send(const v1::WatchClientsResponse& event) {
  if (!status_.ok()) return;
  if (events_ahead_ == kEventsMax || bytes_ahead_ > kBytesMax) {
    status_ = TooSlow();
    return outlet_->Fail(status_);
  }
  ++events_ahead_;
  bytes_ahead_ += outlet_->Send(event);
}

}  // namespace sluice
