#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/random/random.h>
#include <absl/status/status.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "edge/base/mailbox.h"
#include "edge/connection_description.h"
#include "edge/event_streams.h"
#include "edge/fan_out/audience_index.h"
#include "edge/fan_out/fan_out_queue.h"
#include "edge/http/acceptor.h"
#include "edge/http/handshake.h"
#include "edge/names/connection_id.h"
#include "edge/names/event_number.h"
#include "edge/resume/replays.h"
#include "edge/session/paced_end.h"
#include "edge/session/session.h"
#include "edge/session/timer_wheel.h"
#include "edge/shard/gate.h"
#include "edge/shard/shard_context.h"

namespace sluice {

// One thread with its own listening socket and the sessions that it accepted.
// Owner:  the edge. Stop must be called before destruction if Start was.
// Thread: the shard's own, but for Listen, Start, Post and Stop.
class Shard : public SessionOwner, public HandshakeOwner {
 public:
  Shard(int index, const ShardContext& context);
  ~Shard() override;

  absl::Status Listen(const boost::asio::ip::tcp::endpoint& endpoint);
  void Start();
  void Stop();

  // Runs the task on the shard, after all that were posted before. Any thread.
  void Post(Mailbox::Task task) { mailbox_.Push(std::move(task)); }

  // As of EventStreams.
  void Replay(ConnectionId id, const ReplayPage& page, absl::AnyInvocable<void()> drained);
  void SetGroups(ConnectionId id, std::vector<std::string> groups);
  void SetMetadata(ConnectionId id, std::shared_ptr<const MetadataScalars> metadata);
  void Hold(ConnectionId id, std::vector<std::string> groups);
  void SetPosition(const EventNumber& position, std::uint64_t order);

  // One of the server's own events for every live stream of the target, behind what was added
  // before. `number`: of the id that it carries.
  void Tell(const Target& target, std::string bytes, const EventNumber& number);

  const EdgeCounts& counts() const { return counts_; }

  void Add(FanOut fan_out) { fan_outs_.Add(std::move(fan_out)); }

  // As of EventStreams; how many there were.
  std::int64_t End(const std::vector<ConnectionId>& ids, const Dismissal& dismissal);

  // Leaves out those that are gone.
  std::vector<ConnectionDescription> Describe(const std::vector<ConnectionId>& ids) const;

  // New streams are told to come back, to another replica.
  void BeginDrain() { gate_.BeginDrain(); }

  // Ends a stream whose place a newer one of its client has taken.
  void Replace(ConnectionId id);

  // Accepts no more and ends every stream, evenly over this time. `done` is called when all sockets
  // are closed.
  void EndAll(absl::Duration over, absl::AnyInvocable<void()> done);

 private:
  // HandshakeOwner
  std::optional<Refusal> Refuse(const StreamRequest& request,
                                const boost::asio::ip::address& sender,
                                std::unique_ptr<StreamPlaces>& places) override {
    return gate_.Refuse(request, sender, places);
  }
  Refusal RefuseForNow() override { return gate_.RefuseWith(EndReason::kUnavailable); }
  void AskDoor(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) override;
  void OnArrival(StreamArrival arrival) override;
  bool HasRoomForHandshakes() const override;
  void OnHandshakeOver() override;
  // SessionOwner
  void OnSessionEnded(Session& session, EndReason reason) override;
  void OnSessionExpired(Session& session) override;
  void OnSessionReleased(Session& session) override;
  void OnSessionDrained(Session& session) override { replays_.OnDrained(session); }
  void TellPosition(Session& session) override;
  absl::Duration Uptime() const override { return context_.clock.Uptime(); }

  void EndDue();
  bool OnAccept(TcpSocket socket);
  std::size_t handshakes_max() const;
  void EndAfterPending(Session& session, EndReason reason);
  void OnMailbox();
  void ScheduleSlice();
  void OnSlice();
  void ScheduleTick();
  void AdvanceWheel();
  void ReapReleased();
  void EnforceBudget();
  absl::Duration JitteredReconnectionTime() { return gate_.JitteredReconnectionTime(); }
  FramePointer Farewell(EndReason reason);
  TimerWheel::Tick ClockTick() const;

  const int index_;
  const ShardContext context_;
  TimerWheel wheel_;  // Outlives what has a deadline: sessions, and the handshakes in io_context_.
  // Before io_context_, whose end is the end of the last handshakes.
  std::size_t handshake_count_ = 0;
  bool is_stopped_ = false;
  boost::asio::io_context io_context_{1};
  Mailbox mailbox_;
  Acceptor acceptor_;
  boost::asio::steady_timer tick_timer_;
  absl::InsecureBitGen random_;
  EdgeCounts counts_;
  SessionSettings session_settings_;
  Gate gate_;
  AudienceIndex audiences_;
  FanOutQueue fan_outs_;
  Replays replays_;
  // Where all live streams are at least. The frame tells it, and is made when it is wanted.
  EventNumber position_;
  std::uint64_t position_order_ = 0;
  FramePointer position_frame_;
  absl::flat_hash_map<ConnectionId, std::unique_ptr<Session>> sessions_;
  std::vector<ConnectionId> released_;  // To be destroyed after the turn of the loop.
  bool is_slice_scheduled_ = false;
  PacedEnd ends_;
  absl::AnyInvocable<void()> all_ended_;
  std::thread thread_;
};

}  // namespace sluice
