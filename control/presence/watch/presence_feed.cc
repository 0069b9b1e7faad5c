#include "control/presence/watch/presence_feed.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <utility>

#include "control/message/timestamp.h"
#include "control/presence/local_clients.h"
#include "edge/names/random_id.h"

namespace sluice {
namespace {

using internal::v1::PresenceChange;
using internal::v1::PresenceChanges;

constexpr int kProcessIdLength = 16;

void FillRecord(const Record& record, internal::v1::ClientRecord& filled) {
  *filled.mutable_metadata() = record.metadata;
  filled.set_version(record.version);
  filled.set_number(record.number.ToString());
}

}  // namespace

PresenceFeed::PresenceFeed(std::string replica_id, Scheduler& scheduler, Describe describe,
                           Send send_here, Send send_out)
    : replica_id_(std::move(replica_id)),
      process_id_(RandomId(kProcessIdLength)),
      scheduler_(scheduler),
      describe_(std::move(describe)),
      send_here_(std::move(send_here)),
      send_out_(std::move(send_out)) {}

internal::v1::WatchAnswer PresenceFeed::Extend(bool for_self, absl::Duration duration) {
  absl::Duration& until = for_self ? here_until_ : out_until_;
  const absl::Duration now = scheduler_.Uptime();
  // What changed while nobody was told shows as a hole to who had watched before.
  if (now >= until) ++sent_sequence_;
  until = std::max(until, now + duration);
  internal::v1::WatchAnswer answer;
  answer.set_process_id(process_id_);
  answer.set_sequence(sent_sequence_);
  return answer;
}

bool PresenceFeed::IsWatched() const {
  return scheduler_.Uptime() < std::max(here_until_, out_until_);
}

void PresenceFeed::OnOpened(const Directory::Client& client,
                            const Directory::Connection& connection) {
  if (!IsWatched()) return;
  PresenceChange change = ChangeOf(client, connection);
  if (client.record != nullptr) {
    FillRecord(*client.record, *change.mutable_opened()->mutable_record());
  }
  Add(std::move(change));
}

void PresenceFeed::OnGroupsChanged(const Directory::Client& client,
                                   const Directory::Connection& connection) {
  if (IsWatched()) Add(ChangeOf(client, connection));
}

PresenceChange PresenceFeed::ChangeOf(const Directory::Client& client,
                                      const Directory::Connection& connection) const {
  PresenceChange change;
  change.set_client_id(client.id);
  v1::Connection& opened = *change.mutable_opened()->mutable_connection();
  opened.set_connection_id(connection.id.ToString());
  opened.set_replica_id(replica_id_);
  SetTimestamp(connection.connect_time, *opened.mutable_connect_time());
  for (const std::string& group : Directory::GroupsOf(connection)) opened.add_groups(group);
  return change;
}

void PresenceFeed::OnEnded(const std::string& client_id, ConnectionId id, EndReason reason) {
  if (!IsWatched()) return;
  PresenceChange change;
  change.set_client_id(client_id);
  change.mutable_end()->set_connection_id(id.ToString());
  change.mutable_end()->set_reason(std::string(EndReasonName(reason)));
  Add(std::move(change));
}

void PresenceFeed::OnRecordChanged(const Directory::Client& client) {
  if (!IsWatched()) return;
  PresenceChange change;
  change.set_client_id(client.id);
  internal::v1::ClientRecord& record = *change.mutable_record();
  if (client.record != nullptr) FillRecord(*client.record, record);
  Add(std::move(change));
}

void PresenceFeed::Add(PresenceChange change) {
  if (unsent_.size() == kChangesMax) {
    sent_sequence_ += unsent_.size();
    unsent_.clear();
  }
  unsent_.push_back(std::move(change));
  ScheduleFlush();
}

void PresenceFeed::ScheduleFlush() {
  if (std::exchange(is_flushing_, true)) return;
  scheduler_.After(kGatherFor, [this] { Flush(); });
}

// Shards know more of a connection than the directory. Nothing overtakes what waits for them.
void PresenceFeed::Flush() {
  std::vector<ConnectionId> ids;
  for (const PresenceChange& change : unsent_) {
    if (!change.has_opened()) continue;
    if (const auto id = ConnectionId::Parse(change.opened().connection().connection_id())) {
      ids.push_back(*id);
    }
  }
  auto fill = [this, changes = std::exchange(unsent_, {})](auto descriptions) mutable {
    absl::flat_hash_map<std::string, const ConnectionDescription*> by_id;
    for (const ConnectionDescription& one : descriptions) by_id.emplace(one.id.ToString(), &one);
    for (PresenceChange& change : changes) {
      if (!change.has_opened()) continue;
      v1::Connection& connection = *change.mutable_opened()->mutable_connection();
      const auto found = by_id.find(connection.connection_id());
      if (found != by_id.end()) FillConnection(*found->second, connection);
    }
    SendOut(std::move(changes));
    is_flushing_ = false;
    if (!unsent_.empty()) ScheduleFlush();
  };
  if (ids.empty()) return fill(std::vector<ConnectionDescription>());
  describe_(ids, std::move(fill));
}

void PresenceFeed::SendOut(std::vector<PresenceChange> changes) {
  std::size_t next = 0;
  while (next < changes.size()) {
    PresenceChanges message;
    message.set_replica_id(replica_id_);
    message.set_process_id(process_id_);
    message.set_first_sequence(sent_sequence_ + 1);
    std::size_t bytes = 0;
    while (next < changes.size() && bytes < kMessageBytes) {
      bytes += changes[next].ByteSizeLong();
      *message.add_changes() = std::move(changes[next++]);
      ++sent_sequence_;
    }
    const absl::Duration now = scheduler_.Uptime();
    if (now < here_until_) send_here_(message);
    if (now < out_until_) send_out_(message);
  }
}

}  // namespace sluice
