#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/time/time.h>

#include <list>
#include <memory>
#include <string>

#include "control/backplane/backplane.h"
#include "edge/base/clock.h"

namespace sluice {

// The backplane of a single replica: everything stays in the process, and is gone with it.
// Limits: a record is dropped when `record_ttl` has passed since it was changed or renewed, so
// there
//         are at most as many as clients of that time.
class LocalBackplane : public Backplane {
 public:
  LocalBackplane(const Clock& clock, absl::Duration record_ttl);

  void Start(Listener& listener) override { listener_ = &listener; }
  void Publish(std::string channel, std::string payload,
               absl::AnyInvocable<void(absl::StatusOr<Published>)> done) override;
  void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) override;
  void Unsubscribe(const std::string& channel) override;
  EventNumber position() const override { return last_; }
  void ReadRecord(
      const std::string& client_id,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) override;
  void ChangeRecord(
      const std::string& client_id, const RecordChange& change,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) override;
  void RenewRecords(const std::vector<std::string>& client_ids) override;

 private:
  struct KeptRecord {
    std::string client_id;
    std::shared_ptr<const Record> record;
    absl::Duration renewed;  // Uptime of the clock.
  };
  using KeptRecords = std::list<KeptRecord>;

  EventNumber NextNumber();
  void DropExpired();
  void MoveToNewest(KeptRecords::iterator kept);

  const Clock& clock_;
  const absl::Duration record_ttl_;
  Listener* listener_ = nullptr;
  EventNumber last_;
  absl::flat_hash_set<std::string> subscribed_;
  KeptRecords records_;  // The one renewed longest ago is first.
  absl::flat_hash_map<std::string, KeptRecords::iterator> records_by_client_;
};

}  // namespace sluice
