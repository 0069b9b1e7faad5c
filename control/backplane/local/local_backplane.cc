#include "control/backplane/local/local_backplane.h"

#include <algorithm>
#include <utility>

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "control/request/error_reason.h"
#include "edge/names/random_id.h"

namespace sluice {

LocalBackplane::LocalBackplane(std::string replica_id, const Clock& clock,
                               absl::Duration record_ttl, HistoryOptions history)
    : replica_id_(std::move(replica_id)),
      clock_(clock),
      record_ttl_(record_ttl),
      claims_(clock),
      history_(std::move(history), clock) {
  const std::string epoch = RandomId(static_cast<int>(last_.epoch.size()));
  std::copy(epoch.begin(), epoch.end(), last_.epoch.begin());
  NextNumber();
}

EventNumber LocalBackplane::NextNumber() {
  const auto microseconds = static_cast<std::uint64_t>(absl::ToUnixMicros(clock_.Now()));
  last_.sequence = std::max(last_.sequence + 1, microseconds);
  return last_;
}

Backplane::Published LocalBackplane::Carry(const EventNumber& number, const std::string& channel,
                                           std::string_view payload, bool is_kept) {
  Published published;
  published.number = number;
  if (is_kept) history_.Add(channel, published.number, payload);
  published.receivers = subscribed_.contains(channel) ? 1 : 0;
  if (published.receivers > 0) listener_->OnMessage(channel, published.number, payload);
  return published;
}

void LocalBackplane::Publish(Message message, absl::AnyInvocable<void(PublishedOr)> done) {
  if (!message.claim.has_value())
    return done(Carry(NextNumber(), message.channel, message.payload, message.is_kept));
  if (const LocalClaims::Claim* earlier = claims_.Find(message.claim->key)) {
    Published published;
    published.number = earlier->number;
    published.earlier = earlier->earlier;
    return done(std::move(published));
  }
  const Published published =
      Carry(NextNumber(), message.channel, message.payload, message.is_kept);
  claims_.Add(message.claim->key, {published.number, {message.claim->fingerprint, std::nullopt}});
  done(published);
}

void LocalBackplane::KeepAnswer(const std::string& claim_key, std::string answer) {
  if (LocalClaims::Claim* claim = claims_.Find(claim_key)) {
    claim->earlier.answer = std::move(answer);
  }
}

void LocalBackplane::ReadAnswer(
    const std::string& claim_key,
    absl::AnyInvocable<void(absl::StatusOr<std::optional<std::string>>)> done) {
  const LocalClaims::Claim* claim = claims_.Find(claim_key);
  done(claim == nullptr ? std::nullopt : claim->earlier.answer);
}

void LocalBackplane::Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) {
  subscribed_.insert(channel);
  done();
}

void LocalBackplane::Unsubscribe(const std::string& channel) {
  subscribed_.erase(channel);
}

void LocalBackplane::ReadHistory(HistoryQuery query,
                                 absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) {
  HistoryRead read = history_.Read(query, last_);
  DropExpired();
  for (const std::string& client_id : query.client_ids) {
    read.records.push_back(FindRecord(client_id));
  }
  done(std::move(read));
}

std::shared_ptr<const Record> LocalBackplane::FindRecord(const std::string& client_id) {
  const auto found = records_by_client_.find(client_id);
  return found == records_by_client_.end() ? nullptr : found->second->record;
}

void LocalBackplane::ReadRecord(
    const std::string& client_id,
    absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) {
  DropExpired();
  done(FindRecord(client_id));
}

void LocalBackplane::ChangeRecord(const std::string& client_id, const RecordChange& change,
                                  absl::AnyInvocable<void(absl::StatusOr<ChangedRecord>)> done) {
  DropExpired();
  const auto found = records_by_client_.find(client_id);
  const bool is_new = found == records_by_client_.end();
  auto changed = ApplyChange(is_new ? nullptr : found->second->record.get(), change);
  if (!changed.ok()) return done(changed.status());
  const std::string payload = EncodeRecordChange(*changed, change.join, replica_id_);
  const EventNumber number = NextNumber();
  SetNumber(*changed, number);
  auto record = std::make_shared<const Record>(*std::move(changed));
  if (is_new) {
    records_.push_back({client_id, record, clock_.Uptime()});
    records_by_client_.emplace(client_id, std::prev(records_.end()));
  } else {
    found->second->record = record;
    MoveToNewest(found->second);
  }
  const Published published = Carry(number, ClientChannel(client_id), payload, false);
  done(ChangedRecord{std::move(record), published});
}

void LocalBackplane::DeleteRecord(const std::string& client_id,
                                  absl::AnyInvocable<void(PublishedOr)> done) {
  const auto found = records_by_client_.find(client_id);
  if (found != records_by_client_.end()) {
    records_.erase(found->second);
    records_by_client_.erase(found);
  }
  done(Carry(NextNumber(), ClientChannel(client_id), EncodeRecordDeletion(replica_id_), false));
}

void LocalBackplane::BlockClient(const std::string& client_id, absl::Duration duration,
                                 std::string payload, absl::AnyInvocable<void(PublishedOr)> done) {
  const absl::Duration now = clock_.Uptime();
  absl::erase_if(blocked_until_, [now](const auto& entry) { return entry.second <= now; });
  if (blocked_until_.size() >= kBlockedMax && !blocked_until_.contains(client_id)) {
    return done(TooManyBlocked(kBlockedMax));
  }
  blocked_until_[client_id] = now + duration;
  done(Carry(NextNumber(), ClientChannel(client_id), payload, false));
}

void LocalBackplane::ReadBlocked(
    absl::AnyInvocable<void(absl::StatusOr<std::vector<Blocked>>)> done) {
  const absl::Duration now = clock_.Uptime();
  std::vector<Blocked> blocked;
  for (const auto& [client_id, until] : blocked_until_) {
    if (until > now) blocked.emplace_back(client_id, until - now);
  }
  done(std::move(blocked));
}

void LocalBackplane::RenewRecords(const std::vector<std::string>& client_ids) {
  DropExpired();
  for (const std::string& client_id : client_ids) {
    const auto found = records_by_client_.find(client_id);
    if (found != records_by_client_.end()) MoveToNewest(found->second);
  }
}

void LocalBackplane::MoveToNewest(KeptRecords::iterator kept) {
  kept->renewed = clock_.Uptime();
  records_.splice(records_.end(), records_, kept);
}

void LocalBackplane::DropExpired() {
  const absl::Duration oldest = clock_.Uptime() - record_ttl_;
  while (!records_.empty() && records_.front().renewed < oldest) {
    records_by_client_.erase(records_.front().client_id);
    records_.pop_front();
  }
}

}  // namespace sluice
