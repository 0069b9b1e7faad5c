#include "control/backplane/local/local_backplane.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "control/backplane/channel.h"
#include "edge/names/random_id.h"

namespace sluice {

LocalBackplane::LocalBackplane(const Clock& clock, absl::Duration record_ttl)
    : clock_(clock), record_ttl_(record_ttl) {
  const std::string epoch = RandomId(static_cast<int>(last_.epoch.size()));
  std::copy(epoch.begin(), epoch.end(), last_.epoch.begin());
  NextNumber();
}

EventNumber LocalBackplane::NextNumber() {
  const auto microseconds = static_cast<std::uint64_t>(absl::ToUnixMicros(clock_.Now()));
  last_.sequence = std::max(last_.sequence + 1, microseconds);
  return last_;
}

void LocalBackplane::Publish(std::string channel, std::string payload,
                             absl::AnyInvocable<void(absl::StatusOr<Published>)> done) {
  const EventNumber number = NextNumber();
  const bool is_subscribed = subscribed_.contains(channel);
  if (is_subscribed) listener_->OnMessage(channel, number, payload);
  done(Published{number, is_subscribed ? 1 : 0});
}

void LocalBackplane::Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) {
  subscribed_.insert(channel);
  done();
}

void LocalBackplane::Unsubscribe(const std::string& channel) {
  subscribed_.erase(channel);
}

void LocalBackplane::ReadRecord(
    const std::string& client_id,
    absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) {
  DropExpired();
  const auto found = records_by_client_.find(client_id);
  done(found == records_by_client_.end() ? nullptr : found->second->record);
}

void LocalBackplane::ChangeRecord(
    const std::string& client_id, const RecordChange& change,
    absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) {
  DropExpired();
  const auto found = records_by_client_.find(client_id);
  const bool is_new = found == records_by_client_.end();
  auto changed = ApplyChange(is_new ? nullptr : found->second->record.get(), change);
  if (!changed.ok()) return done(changed.status());
  auto record = std::make_shared<const Record>(*std::move(changed));
  if (is_new) {
    records_.push_back({client_id, record, clock_.Uptime()});
    records_by_client_.emplace(client_id, std::prev(records_.end()));
  } else {
    found->second->record = record;
    MoveToNewest(found->second);
  }
  if (subscribed_.contains(ClientChannel(client_id))) {
    listener_->OnRecordChanged(client_id, record);
  }
  done(std::move(record));
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
