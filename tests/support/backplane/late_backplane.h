#pragma once

#include <absl/functional/any_invocable.h>

#include <deque>
#include <memory>
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
    std::string channel;
    std::string payload;
    absl::AnyInvocable<void(absl::StatusOr<Published>)> done;
  };

  void Start(Listener&) override {}
  void Publish(std::string channel, std::string payload,
               absl::AnyInvocable<void(absl::StatusOr<Published>)> done) override {
    publishes_.push_back({std::move(channel), std::move(payload), std::move(done)});
  }
  void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) override {
    calls_.push_back("subscribe " + channel);
    unconfirmed_.push_back(std::move(done));
  }
  void Unsubscribe(const std::string& channel) override {
    calls_.push_back("unsubscribe " + channel);
  }
  EventNumber position() const override { return {}; }
  void ReadRecord(
      const std::string&,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) override {
    done(nullptr);
  }
  void ChangeRecord(
      const std::string&, const RecordChange&,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) override {
    done(absl::UnavailableError("a test has no records"));
  }
  void RenewRecords(const std::vector<std::string>&) override {}

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

  // Those that were not answered yet, in order; the test answers and removes them.
  std::deque<UnansweredPublish>& publishes() { return publishes_; }

 private:
  std::vector<std::string> calls_;
  std::deque<absl::AnyInvocable<void()>> unconfirmed_;
  std::deque<UnansweredPublish> publishes_;
};

}  // namespace sluice::tests
