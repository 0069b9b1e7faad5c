#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/backplane/record.h"
#include "edge/names/event_number.h"

namespace sluice {

// What joins the replicas: numbers events, carries them to every replica that subscribed to their
// channel, and keeps clients' records. Two implementations with one contract test: `local` in
// process for a single replica, and one over Redis.
//
// What every implementation holds:
// - Numbers grow strictly, over all channels, in the order in which publishes take effect;
// publishes
//   of one backplane object take effect in the order of the calls.
// - A message reaches each listener that is subscribed to its channel exactly once, and messages
//   reach it in the order of their numbers.
// - A subscription holds from its confirmation on: the listener gets every message with a greater
//   number than position() had then.
//
// Owner:  the server; outlives the cluster that uses it.
// Thread: the cluster thread, for every call and every callback. A callback may come before the
// call
//         returns.
class Backplane {
 public:
  struct Published {
    EventNumber number;
    // How many replicas are subscribed to the channel, this one included: so many acks will come.
    int receivers = 0;
  };

  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnMessage(const std::string& channel, const EventNumber& number,
                           std::string_view payload) = 0;
    // A client's record has changed; told of clients whose channel is subscribed.
    virtual void OnRecordChanged(const std::string& client_id,
                                 std::shared_ptr<const Record> record) = 0;
  };

  virtual ~Backplane() = default;

  // Called once, before anything else. The listener outlives the last callback.
  virtual void Start(Listener& listener) = 0;

  // UNAVAILABLE: the backplane is away; the reason says whether the message may have been sent.
  virtual void Publish(std::string channel, std::string payload,
                       absl::AnyInvocable<void(absl::StatusOr<Published>)> done) = 0;

  // `done` is called when the subscription holds.
  virtual void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) = 0;
  virtual void Unsubscribe(const std::string& channel) = 0;

  // Every message up to this number that the subscriptions cover has been given to the listener.
  virtual EventNumber position() const = 0;

  // Null: there is no record.
  virtual void ReadRecord(
      const std::string& client_id,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) = 0;

  // Atomic among all callers. Errors as of ApplyChange, or UNAVAILABLE.
  virtual void ChangeRecord(
      const std::string& client_id, const RecordChange& change,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) = 0;

  // Records live for --record-ttl after they were changed or renewed.
  virtual void RenewRecords(const std::vector<std::string>& client_ids) = 0;
};

}  // namespace sluice
