#include "control/presence/watch/client_watches.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

constexpr std::uint32_t kPageSize = 1000;
// Why connections ended whose end was missed.
constexpr char kGone[] = "client_gone";
constexpr char kReplicaLeft[] = "replica_left";
// One that did not answer is asked again after this.
constexpr absl::Duration kUnreachablePause = absl::Seconds(3);

}  // namespace

ClientWatches::ClientWatches(std::string replica_id, Scheduler& scheduler, Gather& gather,
                             const Members& members)
    : replica_id_(std::move(replica_id)),
      scheduler_(scheduler),
      gather_(gather),
      members_(members),
      view_([this](const ClusterView::Change& change) { OnViewChanged(change); }) {}

void ClientWatches::Start(WatchQuery query, CallerPointer caller,
                          std::shared_ptr<WatchOutlet> outlet) {
  const WatchOutlet* key = outlet.get();
  const bool is_first = watchers_.empty();
  auto& watcher = watchers_[key];
  watcher = std::make_unique<Watcher>(std::move(query), std::move(caller), std::move(outlet));
  if (is_first) {
    for (const Members::Member& other : members_.Others()) {
      known_members_[other.told.replica_id] = absl::InfiniteDuration();
    }
    BeginSync();
    const std::uint64_t generation = generation_;
    scheduler_.After(kRenewal, [this, generation] {
      if (generation == generation_) Renew();
    });
  } else if (has_view_) {
    watcher->StartSnapshot(unreachable_);
    Continue(key);
  }
}

void ClientWatches::OnWritten(const WatchOutlet* outlet, std::size_t count, std::size_t bytes) {
  const auto found = watchers_.find(outlet);
  if (found == watchers_.end()) return;
  found->second->OnWritten(count, bytes);
  Continue(outlet);
}

void ClientWatches::End(const WatchOutlet* outlet) {
  if (watchers_.erase(outlet) == 0 || !watchers_.empty()) return;
  // What is on its way belongs to a view that nobody needs.
  ++generation_;
  view_.Clear();
  has_view_ = needs_snapshots_ = is_sync_requested_ = false;
  synced_ = -absl::InfiniteDuration();
  sync_ = nullptr;
  unreachable_.clear();
  replicas_.clear();
  known_members_.clear();
}

void ClientWatches::AskForLeases(Gather::Done done) {
  internal::v1::Question question;
  question.mutable_watch()->set_duration_ms(absl::ToInt64Milliseconds(kLease));
  gather_.Ask(std::move(question), [this, generation = generation_,
                                    done = std::move(done)](Gather::Answers gathered) mutable {
    if (generation == generation_) done(std::move(gathered));
  });
}

void ClientWatches::Renew() {
  AskForLeases([this](const Gather::Answers& gathered) { OnRenewed(gathered); });
  scheduler_.After(kRenewal, [this, generation = generation_] {
    if (generation == generation_) Renew();
  });
}

void ClientWatches::OnRenewed(const Gather::Answers& gathered) {
  if (sync_ != nullptr) return;
  for (const internal::v1::Answer& answer : gathered.answers) {
    const auto found = replicas_.find(answer.replica_id());
    if (found == replicas_.end() || found->second.process_id != answer.watch().process_id()) {
      RequestSync();
      continue;
    }
    Replica& replica = found->second;
    // What had gone out when it last answered has had all the time to come.
    if (replica.next_sequence <= replica.leased_sequence) RequestSync();
    replica.leased_sequence = answer.watch().sequence();
  }
}

void ClientWatches::RequestSync() {
  if (sync_ != nullptr) {
    sync_->is_stale = true;
    return;
  }
  if (watchers_.empty() || std::exchange(is_sync_requested_, true)) return;
  const absl::Duration rest = synced_ + kSyncPause - scheduler_.Uptime();
  scheduler_.After(std::max(rest, absl::ZeroDuration()), [this, generation = generation_] {
    if (generation == generation_ && std::exchange(is_sync_requested_, false)) BeginSync();
  });
}

void ClientWatches::BeginSync() {
  sync_ = std::make_unique<Sync>();
  AskForLeases([this](const Gather::Answers& gathered) {
    for (const internal::v1::Answer& answer : gathered.answers) {
      const internal::v1::WatchAnswer& leased = answer.watch();
      sync_->replicas[answer.replica_id()] = {leased.process_id(), leased.sequence() + 1,
                                              leased.sequence()};
      sync_->clients[answer.replica_id()];
    }
    sync_->unreachable.insert(gathered.unreachable.begin(), gathered.unreachable.end());
    ReadPage("");
  });
}

void ClientWatches::ReadPage(const std::string& after) {
  internal::v1::Question question;
  internal::v1::ClientsQuestion& clients = *question.mutable_clients();
  clients.set_after(after);
  clients.set_page_size(kPageSize);
  clients.set_full(true);
  gather_.Ask(std::move(question), [this, generation = generation_](Gather::Answers gathered) {
    if (generation == generation_) OnPage(std::move(gathered));
  });
}

void ClientWatches::OnPage(Gather::Answers gathered) {
  sync_->unreachable.insert(gathered.unreachable.begin(), gathered.unreachable.end());
  std::string complete_to;
  for (const internal::v1::Answer& answer : gathered.answers) {
    const std::string& part_complete_to = answer.clients().complete_to();
    if (!part_complete_to.empty() && (complete_to.empty() || part_complete_to < complete_to)) {
      complete_to = part_complete_to;
    }
    const auto clients = sync_->clients.find(answer.replica_id());
    if (clients == sync_->clients.end()) continue;  // It has come since.
    for (int i = 0; i < answer.clients().clients_size(); ++i) {
      const bool has_number = i < answer.clients().record_numbers_size();
      clients->second.Add(answer.clients().clients(i),
                          has_number ? answer.clients().record_numbers(i) : "");
    }
  }
  if (complete_to.empty()) return FinishSync();
  ReadPage(complete_to);
}

void ClientWatches::FinishSync() {
  const std::unique_ptr<Sync> sync = std::exchange(sync_, nullptr);
  synced_ = scheduler_.Uptime();
  for (const internal::v1::PresenceChanges& changes : sync->held) {
    const auto replica = sync->replicas.find(changes.replica_id());
    if (replica == sync->replicas.end() || !Follows(replica->second, changes)) {
      sync->is_stale = true;
      continue;
    }
    for (const auto& change : changes.changes()) {
      sync->clients.at(changes.replica_id()).Apply(change);
    }
  }
  // Before what differs is told: who gets a new snapshot gets it there.
  unreachable_.assign(sync->unreachable.begin(), sync->unreachable.end());
  if (!std::exchange(has_view_, true) || std::exchange(needs_snapshots_, false)) StartSnapshots();
  // Of one that did not answer in the end the list may be cut short.
  absl::erase_if(sync->clients,
                 [&sync](const auto& entry) { return sync->unreachable.contains(entry.first); });
  for (const auto& [replica_id, clients] : sync->clients) {
    NoteMember(replica_id);
    replicas_[replica_id] = sync->replicas.at(replica_id);
    view_.Add(replica_id, clients);
  }
  for (const auto& [replica_id, clients] : sync->clients) {
    view_.KeepOnly(replica_id, clients, kGone);
  }
  // They are read when they answer again (OnMembers).
  for (const std::string& replica_id : sync->unreachable) replicas_.erase(replica_id);
  if (sync->is_stale) RequestSync();
  for (const auto& [outlet, watcher] : watchers_) {
    scheduler_.Post([this, outlet = outlet] { Continue(outlet); });
  }
  RemoveFailed();
}

void ClientWatches::StartSnapshots() {
  for (const auto& [outlet, watcher] : watchers_) watcher->StartSnapshot(unreachable_);
}

bool ClientWatches::Follows(Replica& replica, const internal::v1::PresenceChanges& changes) {
  if (replica.process_id != changes.process_id()) return false;
  if (changes.first_sequence() > replica.next_sequence) return false;
  replica.next_sequence =
      std::max(replica.next_sequence,
               changes.first_sequence() + static_cast<std::uint64_t>(changes.changes_size()));
  return true;
}

void ClientWatches::OnChanges(const internal::v1::PresenceChanges& changes) {
  if (watchers_.empty()) return;
  if (sync_ != nullptr) {
    if (sync_->held_bytes < kHeldBytesMax) {
      sync_->held_bytes += changes.SpaceUsedLong();
      sync_->held.push_back(changes);
    } else {
      sync_->is_stale = true;
    }
    return;
  }
  const auto replica = replicas_.find(changes.replica_id());
  if (replica == replicas_.end() || !Follows(replica->second, changes)) return RequestSync();
  for (const auto& change : changes.changes()) view_.Apply(changes.replica_id(), change);
  RemoveFailed();
}

void ClientWatches::OnInterrupted() {
  needs_snapshots_ = has_view_;
  if (sync_ != nullptr) sync_->is_stale = true;
}

void ClientWatches::OnHeardAgain() {
  if (needs_snapshots_) RequestSync();
}

void ClientWatches::OnMembers() {
  if (watchers_.empty()) return;
  const absl::Duration now = scheduler_.Uptime();
  for (auto& [replica_id, missing_since] : known_members_) {
    missing_since = std::min(missing_since, now);
  }
  for (const Members::Member& other : members_.Others()) {
    const std::string& replica_id = other.told.replica_id;
    // Redis may believe for long that one hears it whose machine is gone.
    if (other.silence > Members::kGoneAfter) continue;
    NoteMember(replica_id);
    known_members_[replica_id] = absl::InfiniteDuration();
    const bool is_read = replicas_.contains(replica_id) ||
                         (sync_ != nullptr && sync_->replicas.contains(replica_id));
    const bool has_failed =
        std::find(unreachable_.begin(), unreachable_.end(), replica_id) != unreachable_.end();
    if (is_read || !other.is_answering) continue;
    if (!has_failed || now - synced_ > kUnreachablePause) RequestSync();
  }
  std::vector<std::string> gone;
  for (const auto& [replica_id, missing_since] : known_members_) {
    if (now - missing_since > Members::kGoneAfter) gone.push_back(replica_id);
  }
  for (const std::string& replica_id : gone) ForgetMember(replica_id);
  RemoveFailed();
}

void ClientWatches::NoteMember(const std::string& replica_id) {
  if (replica_id == replica_id_) return;
  if (!known_members_.try_emplace(replica_id, absl::InfiniteDuration()).second) return;
  for (const auto& [outlet, watcher] : watchers_) watcher->OnReplicaJoined(replica_id);
}

void ClientWatches::OnMemberLeft(const std::string& replica_id) {
  if (watchers_.empty() || replica_id == replica_id_) return;
  ForgetMember(replica_id);
  RemoveFailed();
}

void ClientWatches::ForgetMember(const std::string& replica_id) {
  if (sync_ != nullptr) {
    sync_->replicas.erase(replica_id);
    sync_->clients.erase(replica_id);
  }
  if (known_members_.erase(replica_id) == 0) return;
  replicas_.erase(replica_id);
  view_.KeepOnly(replica_id, {}, kReplicaLeft);
  for (const auto& [outlet, watcher] : watchers_) watcher->OnReplicaLeft(replica_id);
}

void ClientWatches::OnViewChanged(const ClusterView::Change& change) {
  for (const auto& [outlet, watcher] : watchers_) watcher->OnChange(change);
}

void ClientWatches::Continue(const WatchOutlet* outlet) {
  const auto found = watchers_.find(outlet);
  if (found == watchers_.end()) return;
  if (found->second->Continue(view_)) {
    scheduler_.Post([this, outlet] { Continue(outlet); });
  }
  RemoveFailed();
}

void ClientWatches::RemoveFailed() {
  std::vector<const WatchOutlet*> failed;
  for (const auto& [outlet, watcher] : watchers_) {
    if (!watcher->status().ok()) failed.push_back(outlet);
  }
  for (const WatchOutlet* outlet : failed) End(outlet);
}

}  // namespace sluice
