#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sluice/v1/event.pb.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "control/backplane/backplane.h"
#include "control/cluster/interest.h"
#include "control/publish/confirmation.h"
#include "edge/base/clock.h"
#include "edge/edge.h"

namespace sluice {

// One event on its way into the cluster.
struct PublishCommand {
  Target target;
  std::string payload;    // EncodeEnvelope's.
  std::string custom_id;  // Empty: the answer's event id is the number.
  bool is_confirmed = true;
  absl::Time deadline = absl::InfiniteFuture();  // The caller's.
};

// Takes events to the backplane, from there to the streams of this replica, and counts who got
// them.
//
// Owner:  the cluster.
// Thread: the cluster thread. `done` of a command is called by the thread that has the answer: a
//         shard's or the cluster's, perhaps before Publish returns.
// Limits: at most kInFlightBytes of events are on their way to this replica's streams. Commands
//         beyond that wait in order, and with them their callers: streams that can't keep up slow
//         publishers down instead of filling memory. Callers that give up while they wait are
//         bounded by kWaitingBytes. A confirmation is waited for kConfirmationWait at most.
// Errors: UNAVAILABLE, reason NOT_SENT: the caller's deadline came while the command waited.
//         RESOURCE_EXHAUSTED, reason PUBLISH_BACKLOG: kWaitingBytes of commands are waiting
//         already.
class Publisher {
 public:
  static constexpr std::size_t kInFlightBytes = std::size_t{4} << 20;
  static constexpr std::size_t kWaitingBytes = std::size_t{256} << 20;
  static constexpr absl::Duration kConfirmationWait = absl::Seconds(2);
  // What is left of the caller's deadline for the answer's way back.
  static constexpr absl::Duration kAnswerMargin = absl::Milliseconds(50);

  // Runs a task on the cluster thread, from any thread.
  using Post = std::function<void(absl::AnyInvocable<void()>)>;

  Publisher(boost::asio::io_context& io_context, const Clock& clock, Backplane& backplane,
            Edge& edge, const Interest& interest, Post post);

  void Publish(PublishCommand command, PublishDone done);

  // A message of the backplane for this replica's streams.
  void OnMessage(const std::string& channel, const EventNumber& number, std::string_view payload);

  // Fails what is under way with UNAVAILABLE.
  void Stop();

 private:
  struct Waiting {
    PublishCommand command;
    PublishDone done;
  };

  void Send(PublishCommand command, PublishDone done);
  void OnPublished(const Backplane::Published& published, PublishCommand command, PublishDone done);
  void OnDelivered(std::size_t cost);
  void SendWaiting();
  // The one of this publish, made by whichever comes first: its message or its number.
  std::shared_ptr<Confirmation> ConfirmationOf(std::uint64_t sequence);
  void ForgetAnswered();
  void ScheduleDeadlines();
  void OnDeadlines();

  boost::asio::steady_timer deadline_timer_;
  const Clock& clock_;
  Backplane& backplane_;
  Edge& edge_;
  const Interest& interest_;
  Post post_;
  // Added to by the cluster thread, subtracted from by shards; with has_waiting_ it must be seen in
  // one order by both, so sequentially consistent.
  std::atomic<std::size_t> in_flight_bytes_{0};
  std::atomic<bool> has_waiting_{false};
  std::size_t waiting_bytes_ = 0;
  std::deque<Waiting> waiting_;
  // Publishes that wait for acks, by sequence number. Answered ones are forgotten a little later,
  // because shards answer without the cluster thread.
  absl::flat_hash_map<std::uint64_t, std::shared_ptr<Confirmation>> confirmations_;
  absl::btree_set<std::pair<absl::Time, std::uint64_t>> deadlines_;
  bool is_deadline_scheduled_ = false;
};

}  // namespace sluice
