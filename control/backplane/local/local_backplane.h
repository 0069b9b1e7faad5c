#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/time/time.h>

#include <list>
#include <memory>
#include <string>

#include "control/backplane/backplane.h"
#include "control/backplane/local/local_claims.h"
#include "control/backplane/local/local_history.h"
#include "edge/base/clock.h"

namespace sluice {

// The backplane of a single replica: everything stays in the process, and is gone with it.
// Limits: a record is dropped when `record_ttl` has passed since it was changed or renewed, so
//         there are at most as many as clients of that time.
class LocalBackplane : public Backplane {
 public:
  LocalBackplane(std::string replica_id, const Clock& clock, absl::Duration record_ttl,
                 HistoryOptions history = {});

  void Start(Listener& listener) override { listener_ = &listener; }
  void AwaitJoin(absl::AnyInvocable<void(absl::Status)> done) override { done(absl::OkStatus()); }
  void Leave(absl::AnyInvocable<void()> done) override { done(); }
  void Publish(Message message, absl::AnyInvocable<void(PublishedOr)> done) override;
  void KeepAnswer(const std::string& claim_key, std::string answer) override;
  void ReadAnswer(
      const std::string& claim_key,
      absl::AnyInvocable<void(absl::StatusOr<std::optional<std::string>>)> done) override;
  // There are no others.
  void SendToReplica(const std::string&, std::string) override {}
  void SendToReplicas(std::string) override {}
  void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) override;
  void Unsubscribe(const std::string& channel) override;
  EventNumber position() const override { return last_; }
  void ReadHistory(HistoryQuery query,
                   absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) override;
  void ReadRecord(
      const std::string& client_id,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) override;
  void ChangeRecord(const std::string& client_id, const RecordChange& change,
                    absl::AnyInvocable<void(absl::StatusOr<ChangedRecord>)> done) override;
  void DeleteRecord(const std::string& client_id,
                    absl::AnyInvocable<void(PublishedOr)> done) override;
  void BlockClient(const std::string& client_id, absl::Duration duration, std::string payload,
                   absl::AnyInvocable<void(PublishedOr)> done) override;
  void ReadBlocked(absl::AnyInvocable<void(absl::StatusOr<std::vector<Blocked>>)> done) override;
  void RenewRecords(const std::vector<std::string>& client_ids) override;
  Health health() const override { return {true, true, absl::ZeroDuration(), "in process"}; }

 private:
  struct KeptRecord {
    std::string client_id;
    std::shared_ptr<const Record> record;
    absl::Duration renewed;  // Uptime of the clock.
  };
  using KeptRecords = std::list<KeptRecord>;

  EventNumber NextNumber();
  std::shared_ptr<const Record> FindRecord(const std::string& client_id);
  Published Carry(const EventNumber& number, const std::string& channel, std::string_view payload,
                  bool is_kept);
  void DropExpired();
  void MoveToNewest(KeptRecords::iterator kept);

  const std::string replica_id_;
  const Clock& clock_;
  const absl::Duration record_ttl_;
  Listener* listener_ = nullptr;
  EventNumber last_;
  absl::flat_hash_set<std::string> subscribed_;
  LocalClaims claims_;
  LocalHistory history_;
  absl::flat_hash_map<std::string, absl::Duration> blocked_until_;  // Uptime of the clock.
  KeptRecords records_;  // The one renewed longest ago is first.
  absl::flat_hash_map<std::string, KeptRecords::iterator> records_by_client_;
};

}  // namespace sluice
