#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/backplane/history/history.h"
#include "control/backplane/record.h"
#include "edge/names/event_number.h"

namespace sluice {

// What joins the replicas: numbers events, carries them to every replica that subscribed to their
// channel, keeps some for streams that come back, keeps clients' records, and knows which replicas
// there are. Two implementations with one
// contract test: `local` in process for a single replica, and one over Redis.
//
// What every implementation holds:
// - Numbers grow strictly within an epoch, over all channels, in the order in which publishes take
//   effect; publishes of one backplane object take effect in the order of the calls.
// - A message reaches each listener that is subscribed to its channel exactly once, and messages
//   reach it in the order of their numbers.
// - A subscription holds from its confirmation until it is given up or interrupted: the listener
//   gets every message with a greater number than position() had then. After Unsubscribe messages
//   may still come for a while.
//
// Owner:  the server; outlives the cluster that uses it.
// Thread: the cluster thread, for every call and every callback, but for health(). A callback may
//         come before the call returns.
class Backplane {
 public:
  // `request_id`: what makes a publish that is sent again the same one.
  struct Claim {
    std::string key;          // Caller, RPC and request_id.
    std::string fingerprint;  // Of what is asked for.
  };

  struct Message {
    std::string channel;
    std::string payload;
    // Whether Published::receivers and deaf are wanted.
    bool counts_receivers = false;
    std::optional<Claim> claim;
    // Whether it is kept for streams that come back, as far as the channel's history reaches.
    bool is_kept = false;
  };

  // The claim was taken before: nothing was published now.
  struct Earlier {
    std::string fingerprint;
    std::optional<std::string> answer;  // As of KeepAnswer; none: not yet.
  };

  struct Published {
    EventNumber number;
    // How many replicas are subscribed to the channel, this one included: so many acks will come.
    int receivers = 0;
    // How many replicas are alive and hear nothing at present, so nobody knows what their streams
    // miss.
    int deaf = 0;
    std::optional<Earlier> earlier;
  };
  using PublishedOr = absl::StatusOr<Published>;

  struct ChangedRecord {
    std::shared_ptr<const Record> record;
    Published published;  // The message that tells of it, on the client's channel.
  };

  // A client whose streams are refused still for so long.
  using Blocked = std::pair<std::string, absl::Duration>;
  static constexpr int kBlockedMax = 100'000;

  // A replica, this one included.
  struct Member {
    std::string replica_id;
    absl::Duration silence;     // Since it last reported.
    bool is_listening = false;  // Its subscriptions stand.
    std::string description;    // What its listener's DescribeReplica gave.
  };

  struct Health {
    bool is_ok = false;
    bool was_ever_ok = false;
    // Since a message last came back through the backplane.
    absl::Duration age;
    std::string detail;
  };

  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnMessage(const std::string& channel, const EventNumber& number,
                           std::string_view payload) = 0;
    // What SendToReplica or SendToReplicas of another replica carries.
    virtual void OnReplicaMessage(std::string_view payload) = 0;
    // All subscriptions are void, and those that were asked for are forgotten. Subscribe again.
    virtual void OnInterrupted() = 0;
    // All replicas that are known, about every second.
    virtual void OnMembers(std::vector<Member> members, const EventNumber& number) = 0;
    // A replica has just reported, perhaps for the first time.
    virtual void OnMemberReported(const std::string& replica_id) = 0;
    // The replica has ended in good order.
    virtual void OnMemberLeft(const std::string& replica_id) = 0;
    // health().is_ok is another now.
    virtual void OnHealthChanged() = 0;
    // What other replicas shall know of this one; asked for every second.
    virtual std::string DescribeReplica() = 0;
  };

  virtual ~Backplane() = default;

  // Called once, before anything else. The listener outlives the last callback.
  virtual void Start(Listener& listener) = 0;

  // `done` is called once: OK when this replica is part of the cluster; UNAVAILABLE when the
  // backplane can't be reached now, and is tried again and again; ALREADY_EXISTS when another
  // replica has this one's id.
  virtual void AwaitJoin(absl::AnyInvocable<void(absl::Status)> done) = 0;

  // Tells the others that this replica ends, and fails what is under way; nothing is called back
  // after `done`, which comes within a second.
  virtual void Leave(absl::AnyInvocable<void()> done) = 0;

  // UNAVAILABLE, reason NOT_SENT: nothing was published. Reason OUTCOME_UNKNOWN: it may have been.
  virtual void Publish(Message message, absl::AnyInvocable<void(PublishedOr)> done) = 0;

  // Keeps the answer of a publish with a claim, for those that come again.
  virtual void KeepAnswer(const std::string& claim_key, std::string answer) = 0;

  // None: not kept, or not yet.
  virtual void ReadAnswer(
      const std::string& claim_key,
      absl::AnyInvocable<void(absl::StatusOr<std::optional<std::string>>)> done) = 0;

  // Carries `payload` to another replica, or to all others, without a number. May be lost.
  virtual void SendToReplica(const std::string& replica_id, std::string payload) = 0;
  virtual void SendToReplicas(std::string payload) = 0;

  // `done` is called when the subscription holds, and not at all when it is interrupted before.
  virtual void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) = 0;
  virtual void Unsubscribe(const std::string& channel) = 0;

  // Every message up to this number that the subscriptions cover has been given to the listener.
  virtual EventNumber position() const = 0;

  // Reads what is kept, and records, without a change. Errors: UNAVAILABLE.
  virtual void ReadHistory(HistoryQuery query,
                           absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) = 0;

  // Null: there is no record.
  virtual void ReadRecord(
      const std::string& client_id,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) = 0;

  // Atomic among all callers. The change is published on the client's channel (EncodeRecordChange).
  // Errors as of ApplyChange and Publish.
  virtual void ChangeRecord(const std::string& client_id, const RecordChange& change,
                            absl::AnyInvocable<void(absl::StatusOr<ChangedRecord>)> done) = 0;

  // Removes the record, if there is one, and tells the client's channel (EncodeRecordDeletion).
  virtual void DeleteRecord(const std::string& client_id,
                            absl::AnyInvocable<void(PublishedOr)> done) = 0;

  // Keeps that the client is blocked, instead of what was kept of it before, and publishes
  // `payload` on its channel. Errors as of Publish, and RESOURCE_EXHAUSTED if kBlockedMax others
  // are blocked.
  virtual void BlockClient(const std::string& client_id, absl::Duration duration,
                           std::string payload, absl::AnyInvocable<void(PublishedOr)> done) = 0;

  // All that are blocked now.
  virtual void ReadBlocked(absl::AnyInvocable<void(absl::StatusOr<std::vector<Blocked>>)> done) = 0;

  // Records live for --record-ttl after they were changed or renewed.
  virtual void RenewRecords(const std::vector<std::string>& client_ids) = 0;

  // Any thread.
  virtual Health health() const = 0;
};

}  // namespace sluice
