#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/inlined_vector.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/door/limits/stream_limits.h"
#include "edge/http/captured_headers.h"
#include "edge/names/connection_id.h"
#include "edge/session/outbox.h"
#include "edge/session/outbox_budget.h"
#include "edge/session/stream_socket.h"
#include "edge/session/timer_wheel.h"
#include "edge/sse/frame.h"
#include "edge/sse/server_events.h"

namespace sluice {

class Audience;
class Session;

// The scalars of a client's metadata by their keys, each as JSON text, strings bare.
using MetadataScalars = absl::btree_map<std::string, std::string>;

// Who a stream belongs to and where it came from.
struct SessionIdentity {
  std::string client_id;
  // The groups that it asked for; moved away when it joins their audiences.
  std::vector<std::string> groups;
  std::string user_agent;
  boost::asio::ip::tcp::endpoint remote_endpoint;
  absl::Time connect_time;
  std::shared_ptr<const MetadataScalars> metadata = nullptr;  // Null: none.
  std::unique_ptr<StreamPlaces> places = nullptr;             // Null: nothing is limited.
  std::unique_ptr<const CapturedHeaders> headers = nullptr;   // Null: none.
};

// What is the same for every session of a shard.
struct SessionSettings {
  std::size_t outbox_bytes_max;
  SlowConsumer slow_consumer;
  absl::Duration write_timeout;
  absl::Duration heartbeat;
  FramePointer heartbeat_frame;
  OutboxCounts* outbox_counts = nullptr;  // Null: nobody counts.
};

// The shard as a session sees it.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;

  // The session takes no more events; called once, also from inside a delivery.
  virtual void OnSessionEnded(Session& session, EndReason reason) = 0;

  // The time that the session was given is over, and the owner has to end it.
  virtual void OnSessionExpired(Session& session) = 0;

  // A joining session has taken all that waited for it.
  virtual void OnSessionDrained(Session& session) = 0;

  // Nothing that carries an id was written to a live session for a heartbeat: tells it the position
  // that it can resume from, if there is another one.
  virtual void TellPosition(Session& session) = 0;

  // Of the clock. Read for events that expire.
  virtual absl::Duration Uptime() const = 0;

  // The socket is closed and nothing refers to the session any more. The owner destroys it later,
  // never inside the call.
  virtual void OnSessionReleased(Session& session) = 0;
};

// One browser's event stream, from the end of its handshake to the close of its socket.
//
// It begins joining (its channels are being subscribed and what it missed is replayed), is then
// live, and ends either by Close, at once, or by End, which tells the browser first.
//
// Owner:  the shard, which may destroy it after OnSessionReleased.
// Thread: the shard's.
// Limits: what waits is bounded by outbox_bytes_max; over it slow_consumer says what happens. A
//         write without progress for write_timeout ends the stream. A peer that sends more than 16
//         KiB after its request is closed.
class Session : public TimerWheel::Timer {
 public:
  // A place in an audience's list of members.
  struct Membership {
    Audience* audience;
    std::uint32_t slot;
  };

  // What a delivery did, in frames. Neither counts those for a stream that had ended before.
  struct Delivered {
    std::size_t entered;
    std::size_t dropped;
  };

  Session(ConnectionId id, SessionIdentity identity, StreamSocket socket,
          const SessionSettings& settings, TimerWheel& wheel, OutboxBudget& budget,
          SessionOwner& owner);
  ~Session() override;

  // The owner is told at this tick that the session must end for this reason, if it has not ended
  // before; the earliest tick counts. Before Start.
  void LimitTo(TimerWheel::Tick expiry, EndReason reason) {
    if (expiry >= expiry_) return;
    expiry_ = expiry;
    end_reason_ = reason;
  }

  // Of the clock.
  absl::Duration uptime() const { return owner_.Uptime(); }

  // LimitTo's, until the session has ended.
  EndReason end_reason() const { return end_reason_; }

  // Begins to watch the socket, with `head` as the first bytes.
  void Start(FramePointer head);

  // The stream's channels are subscribed: events may come from now on.
  void GoLive();

  // A live session is joining again: it takes what is replayed, and no events, until GoLive.
  void Rejoin();

  // Takes frames, whose bytes one after the other are `bytes`: straight to the kernel if nothing is
  // waiting, else into the outbox.
  Delivered Deliver(std::string_view bytes, absl::Span<const FramePointer> frames);

  // The same for a session that is still joining, whatever waits for it; `own` of the frames are
  // the server's own events.
  void Replay(std::string_view bytes, absl::Span<const FramePointer> frames, std::size_t own);

  // Takes one of the server's own events, which count as no delivery.
  void Tell(FramePointer frame);

  // Ends the stream with `farewell` as its last bytes. `keeps_queue`: after what is waiting, else
  // what is waiting is dropped.
  void End(EndReason reason, FramePointer farewell, bool keeps_queue);

  // Ends the stream at once.
  void Close(EndReason reason);

  void OnDeadline() override;

  ConnectionId id() const { return id_; }
  const SessionIdentity& identity() const { return identity_; }
  SessionIdentity& identity() { return identity_; }
  bool is_joining() const { return state_ == State::kJoining; }
  bool is_live() const { return state_ == State::kLive; }
  std::size_t queued_cost() const { return outbox_ == nullptr ? 0 : outbox_->cost(); }
  std::uint64_t delivered_count() const { return delivered_count_; }

  // The order of the last event that this session has got or was not meant to get.
  std::uint64_t served() const { return served_; }
  void set_served(std::uint64_t order) { served_ = order; }

  // The order of the last id that was written.
  std::uint64_t told() const { return told_; }
  void set_told(std::uint64_t order) {
    told_ = order;
    last_id_ = wheel_.now();
  }

  absl::InlinedVector<Membership, 3>& memberships() { return memberships_; }

 private:
  enum class State : std::uint8_t { kJoining, kLive, kEnding, kFinishing, kClosed };

  Delivered Write(std::string_view bytes, absl::Span<const FramePointer> frames);
  Delivered Enqueue(absl::Span<const FramePointer> frames, std::size_t written);
  bool MakeRoom(const Frame& frame);
  Outbox& MakeOutbox();
  void OnOutboxEmpty();
  // What `change` does to the outbox is charged to the budget.
  template <typename Change>
  void ChangeOutbox(Change change);
  void PushFrame(FramePointer frame, std::size_t written);
  void Flush();
  void Finish();
  void WaitReadable();
  void WaitWritable();
  void OnReadable();
  void OnOperationDone();
  void ScheduleNext();

  // Read on every delivery, so first and together.
  std::uint64_t served_ = 0;
  std::uint64_t told_ = 0;
  EventNumber position_;            // The last id that was written, without those in the outbox.
  std::unique_ptr<Outbox> outbox_;  // Null while nothing waits.
  StreamSocket socket_;
  TimerWheel::Tick last_write_ = 0;
  TimerWheel::Tick last_id_ = 0;  // When something was written that carries an id.
  std::uint64_t delivered_count_ = 0;
  TimerWheel& wheel_;
  State state_ = State::kJoining;
  EndReason end_reason_ = EndReason::kClientGone;
  std::uint8_t operations_pending_ = 0;  // Asio's handlers that hold `this`.
  bool is_waiting_writable_ = false;
  std::uint16_t excess_bytes_ = 0;  // Received after the request.

  TimerWheel::Tick expiry_ = std::numeric_limits<TimerWheel::Tick>::max();
  TimerWheel::Tick last_progress_ = 0;  // When the outbox last got smaller, or began.
  const SessionSettings& settings_;
  OutboxBudget& budget_;
  SessionOwner& owner_;
  const ConnectionId id_;
  SessionIdentity identity_;
  absl::InlinedVector<Membership, 3> memberships_;
};

}  // namespace sluice
