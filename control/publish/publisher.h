#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sluice/internal/v1/envelope.pb.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <tuple>

#include "control/backplane/backplane.h"
#include "control/cluster/interest.h"
#include "control/cluster/members.h"
#include "control/publish/ack_sender.h"
#include "control/publish/confirmation.h"
#include "control/publish/earlier_answers.h"
#include "control/publish/publish_command.h"
#include "control/resume/resume_ring.h"
#include "edge/base/clock.h"
#include "edge/event_streams.h"

namespace sluice {

// Takes events to the backplane, from there to the streams of this replica, and counts who got
// them.
//
// Owner:  the cluster.
// Thread: the cluster thread. `done` of a command is called by the thread that has the answer: a
//         shard's or the cluster's, perhaps before Publish returns.
// Limits: at most kInFlightBytes of events are on their way to this replica's streams. Commands
//         beyond that wait in order, and with them their callers: streams that can't keep up slow
//         publishers down instead of filling memory. Callers that give up while they wait are
//         bounded by kWaitingBytes. A confirmation is waited for kConfirmationWait at most, and
//         only for a moment when all that is missing are replicas that have gone silent.
// Errors: UNAVAILABLE, reason NOT_SENT: the caller's deadline came while the command waited, or the
//         backplane is away. UNAVAILABLE or DEADLINE_EXCEEDED, reason OUTCOME_UNKNOWN: the
//         backplane has not answered. RESOURCE_EXHAUSTED, reason PUBLISH_BACKLOG: kWaitingBytes of
//         commands are waiting already.
class Publisher {
 public:
  static constexpr std::size_t kInFlightBytes = std::size_t{4} << 20;
  static constexpr std::size_t kWaitingBytes = std::size_t{256} << 20;
  static constexpr absl::Duration kConfirmationWait = absl::Seconds(2);
  // How long acks are waited for when they can only be those of silent replicas.
  static constexpr absl::Duration kSilentWait = absl::Milliseconds(100);
  // What is left of the caller's deadline for the answer's way back.
  static constexpr absl::Duration kAnswerMargin = absl::Milliseconds(50);

  // Runs a task on the cluster thread, from any thread.
  using Post = std::function<void(absl::AnyInvocable<void()>)>;

  Publisher(std::string replica_id, boost::asio::io_context& io_context, const Clock& clock,
            Backplane& backplane, EventStreams& streams, const Interest& interest,
            const Members& members, const HistoryOptions& history, ResumeRing& ring, Post post);

  void Publish(PublishCommand command, PublishDone done);

  // An event of the backplane for this replica's streams.
  // `order`: OrderedEvent's. `age`: since it got its number.
  void OnEvent(const std::string& channel, const EventNumber& number, std::uint64_t order,
               const internal::v1::Envelope& envelope, absl::Duration age = absl::ZeroDuration());

  // The message of this number, which is no event, has been dealt with here. Nothing happens if
  // nobody waits: `ack_to` is empty.
  void Acknowledge(const std::string& ack_to, const EventNumber& number, FanOutResult result);

  // Of another replica.
  void OnAcks(const internal::v1::Acks& acks);

  // Publishes a message besides events, which is to be acknowledged to this replica.
  void Tell(const std::string& channel, internal::v1::Envelope envelope,
            absl::AnyInvocable<void(Backplane::PublishedOr)> done);

  std::string AskingForAcks(internal::v1::Envelope envelope) const;

  // The confirmation of a message that this replica published besides events. `done` gets a
  // delivery.
  void Confirm(const Backplane::Published& published, PublishDone done);

  // How many other replicas have been silent for a while and may still be counted as receivers.
  void set_silent_replicas(int count) { silent_replicas_ = count; }

  // How many messages were given to the backplane.
  std::uint64_t published_count() const { return published_count_; }

  // Fails what is under way with UNAVAILABLE.
  void Stop();

 private:
  struct Waiting {
    PublishCommand command;
    PublishDone done;
  };

  // A command that the backplane has and has not answered.
  struct Sent {
    PublishCommand command;
    PublishDone done;
    bool is_answered = false;
  };
  // When something is to be done about a publish that waits for acks.
  struct Deadline {
    absl::Duration time;  // Uptime of the clock, as all times here.
    std::uint64_t sequence;
    bool is_for_silent;
    friend bool operator<(const Deadline& a, const Deadline& b) {
      return std::tie(a.time, a.sequence, a.is_for_silent) <
             std::tie(b.time, b.sequence, b.is_for_silent);
    }
  };

  void Send(PublishCommand command, PublishDone done);
  void OnPublished(const Backplane::Published& published, PublishCommand command, PublishDone done);
  void ExpectAcks(const Backplane::Published& published, absl::Duration deadline,
                  v1::Delivery delivery, PublishDone done);
  // When the answer to a caller with this deadline must be on its way.
  absl::Duration AnswerBy(absl::Time deadline) const;
  PublishDone KeepingAnswer(const std::string& claim_key, PublishDone done);
  void FailOverdue(absl::Duration now);
  void OnDelivered(std::size_t cost);
  void SendWaiting();
  // The one of this publish, made by whichever comes first: its message or its number.
  std::shared_ptr<Confirmation> ConfirmationOf(std::uint64_t sequence);
  void ForgetAnswered();
  void ScheduleDeadlines();
  void OnDeadlines();

  const std::string replica_id_;
  boost::asio::steady_timer deadline_timer_;
  const Clock& clock_;
  Backplane& backplane_;
  EventStreams& streams_;
  const Interest& interest_;
  const Members& members_;
  const HistoryOptions& history_;
  ResumeRing& ring_;
  Post post_;
  AckSender ack_sender_;
  EarlierAnswers earlier_answers_;
  // Added to by the cluster thread, subtracted from by shards; with has_waiting_ it must be seen in
  // one order by both, so sequentially consistent.
  std::atomic<std::size_t> in_flight_bytes_{0};
  std::atomic<bool> has_waiting_{false};
  std::size_t waiting_bytes_ = 0;
  std::deque<Waiting> waiting_;
  // Publishes that wait for acks, by sequence number. Answered ones are forgotten a little later,
  // because shards answer without the cluster thread.
  absl::flat_hash_map<std::uint64_t, std::shared_ptr<Confirmation>> confirmations_;
  absl::btree_set<Deadline> deadlines_;
  // Those whose callers have deadlines, by them.
  absl::btree_multimap<absl::Duration, std::shared_ptr<Sent>> sent_;
  int silent_replicas_ = 0;
  std::uint64_t published_count_ = 0;
  bool is_deadline_scheduled_ = false;
};

}  // namespace sluice
