#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/control/resume/simulation/simulated_redis.h"

namespace sluice::tests {

// A replica's way to the simulated Redis, with RedisBackplane's rules: a subscription is confirmed
// when a numbered message has come behind all that the connection subscribed at first; a broken
// connection interrupts the listener and is made anew.
class SimulatedBackplane : public Backplane {
 public:
  SimulatedBackplane(VirtualTime& time, SimulatedRedis& redis);
  ~SimulatedBackplane() override;

  void Start(Listener& listener) override;
  void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) override;
  void Unsubscribe(const std::string& channel) override;
  EventNumber position() const override { return position_; }
  void ReadHistory(HistoryQuery query,
                   absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) override;

  // Publishes an event with this identity.
  void PublishEvent(const std::string& channel, int uid, std::string payload, bool is_ephemeral);

  // Asks for a change of a client's groups, as who loses the answer does.
  void ChangeGroups(const std::string& client_id, RecordChange change);

  void CutSubscription() {
    if (subscription_ != nullptr) redis_.Cut(subscription_);
  }

  // What the simulation does not play.
  void AwaitJoin(absl::AnyInvocable<void(absl::Status)>) override {}
  void Leave(absl::AnyInvocable<void()>) override {}
  void Publish(Message, absl::AnyInvocable<void(PublishedOr)>) override {}
  void KeepAnswer(const std::string&, std::string) override {}
  void ReadAnswer(const std::string&,
                  absl::AnyInvocable<void(absl::StatusOr<std::optional<std::string>>)>) override {}
  void SendToReplica(const std::string&, std::string) override {}
  void SendToReplicas(std::string) override {}
  void ReadRecord(
      const std::string&,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)>) override {}
  void ChangeRecord(const std::string&, const RecordChange&,
                    absl::AnyInvocable<void(absl::StatusOr<ChangedRecord>)>) override {}
  void DeleteRecord(const std::string&, absl::AnyInvocable<void(PublishedOr)>) override {}
  void RenewRecords(const std::vector<std::string>&) override {}
  void BlockClient(const std::string&, absl::Duration, std::string,
                   absl::AnyInvocable<void(PublishedOr)>) override {}
  void ReadBlocked(absl::AnyInvocable<void(absl::StatusOr<std::vector<Blocked>>)>) override {}
  Health health() const override { return {}; }

 private:
  void Connect();
  // A channel that is subscribed and was not confirmed yet.
  struct Wanted {
    std::string channel;
    std::uint64_t serial;  // Tells its confirmation from that of an earlier wish.
    absl::AnyInvocable<void()> done;
  };

  void OnConfirm(std::uint64_t serial);
  void OnMessage(const std::string& channel, const EventNumber& number, const std::string& payload);
  void OnEnd();
  void ScheduleReport();
  // Runs `script` at Redis and `done` with its answer back here.
  template <typename Script, typename Done>
  void Run(Script script, Done done);

  VirtualTime& time_;
  MortalScheduler scheduler_;
  SimulatedRedis& redis_;
  Listener* listener_ = nullptr;
  std::shared_ptr<SimulatedRedis::Subscription> subscription_;
  std::vector<Wanted> wanted_;
  std::uint64_t last_serial_ = 0;                      // 0 is that of the replicas' own channel.
  std::vector<absl::AnyInvocable<void()>> confirmed_;  // While not live.
  bool is_listening_ = false;
  bool is_live_ = false;
  EventNumber position_;
  absl::Duration last_command_ = absl::ZeroDuration();
};

}  // namespace sluice::tests
