#pragma once

#include <absl/functional/any_invocable.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/backplane/backplane.h"
#include "edge/base/check.h"

namespace sluice::tests {

// A backplane that answers when the test says so, and does nothing by itself.
// Thread: one thread.
class LateBackplane : public Backplane {
 public:
  struct UnansweredPublish {
    Message message;
    absl::AnyInvocable<void(PublishedOr)> done;
  };

  void Start(Listener&) override {}
  void AwaitJoin(absl::AnyInvocable<void(absl::Status)> done) override { done(absl::OkStatus()); }
  void Leave(absl::AnyInvocable<void()> done) override { done(); }
  void Publish(Message message, absl::AnyInvocable<void(PublishedOr)> done) override {
    publishes_.push_back({std::move(message), std::move(done)});
  }
  void KeepAnswer(const std::string& claim_key, std::string answer) override {
    answers_[claim_key] = std::move(answer);
  }
  void ReadAnswer(
      const std::string& claim_key,
      absl::AnyInvocable<void(absl::StatusOr<std::optional<std::string>>)> done) override {
    const auto found = answers_.find(claim_key);
    done(found == answers_.end() ? std::nullopt : std::optional(found->second));
  }
  void SendToReplica(const std::string& replica_id, std::string payload) override {
    sent_.push_back({replica_id, std::move(payload)});
  }
  void SendToReplicas(std::string payload) override { sent_.push_back({"", std::move(payload)}); }
  void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) override {
    calls_.push_back("subscribe " + channel);
    unconfirmed_.push_back(std::move(done));
  }
  void Unsubscribe(const std::string& channel) override {
    calls_.push_back("unsubscribe " + channel);
  }
  EventNumber position() const override { return {}; }
  void ReadHistory(HistoryQuery,
                   absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) override {
    done(absl::UnavailableError("a test has no history"));
  }
  void ReadRecord(
      const std::string&,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) override {
    done(nullptr);
  }
  void ChangeRecord(const std::string&, const RecordChange&,
                    absl::AnyInvocable<void(absl::StatusOr<ChangedRecord>)> done) override {
    done(absl::UnavailableError("a test has no records"));
  }
  void DeleteRecord(const std::string&, absl::AnyInvocable<void(PublishedOr)> done) override {
    done(absl::UnavailableError("not used"));
  }
  void BlockClient(const std::string&, absl::Duration, std::string,
                   absl::AnyInvocable<void(PublishedOr)> done) override {
    done(absl::UnavailableError("not used"));
  }
  void ReadBlocked(absl::AnyInvocable<void(absl::StatusOr<std::vector<Blocked>>)> done) override {
    done(absl::UnavailableError("not used"));
  }
  void RenewRecords(const std::vector<std::string>&) override {}
  Health health() const override { return {}; }

  // Confirms the subscription that has waited longest.
  void ConfirmOldest() {
    SLUICE_CHECK(!unconfirmed_.empty());
    auto confirm = std::move(unconfirmed_.front());
    unconfirmed_.pop_front();
    confirm();
  }
  bool has_unconfirmed() const { return !unconfirmed_.empty(); }

  // Subscribes and unsubscribes, in order.
  const std::vector<std::string>& calls() const { return calls_; }

  // What was sent to replicas, each with the replica's id; an empty id: to all.
  std::vector<std::pair<std::string, std::string>>& sent() { return sent_; }
  std::map<std::string, std::string>& answers() { return answers_; }

  // Those that were not answered yet, in order; the test answers and removes them.
  std::deque<UnansweredPublish>& publishes() { return publishes_; }

 private:
  std::vector<std::string> calls_;
  std::deque<absl::AnyInvocable<void()>> unconfirmed_;
  std::deque<UnansweredPublish> publishes_;
  std::vector<std::pair<std::string, std::string>> sent_;
  std::map<std::string, std::string> answers_;
};

}  // namespace sluice::tests
