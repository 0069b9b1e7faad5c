#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/session/session.h"
#include "tests/support/stream/frames.h"
#include "tests/support/stream/socket_pair.h"
#include "tests/support/wire/event_stream_parser.h"

namespace sluice::tests {

// One session over a real connection with small buffers, whose time and loop the test drives.
// Thread: one thread.
class SessionBench : public SessionOwner {
 public:
  struct Options {
    std::size_t outbox_bytes_max = 64 * 1024;
    SlowConsumer slow_consumer = SlowConsumer::kDisconnect;
    absl::Duration write_timeout = absl::Seconds(20);
    absl::Duration heartbeat = absl::Seconds(15);
  };

  SessionBench();
  explicit SessionBench(const Options& options);
  ~SessionBench() override;

  // Null once it was released.
  Session* session() { return session_.get(); }
  TcpSocket& peer() { return pair_.far; }
  TimerWheel& wheel() { return wheel_; }
  const OutboxBudget& budget() const { return budget_; }
  const std::vector<EndReason>& ends() const { return ends_; }
  bool is_released() const { return session_ == nullptr; }

  Session::Delivered Deliver(const FramePointer& frame);

  // Delivers until something has to wait in the outbox; returns how many frames were given.
  int DeliverUntilQueued(const FramePointer& frame);

  // Lets the loop run what is ready, then destroys a released session.
  void Turn();

  // Turns the loop, without the peer reading, until holds(); false when it never does.
  bool TurnUntil(const std::function<bool()>& holds);

  // Turns the loop while the peer reads, until holds(); false when it never does.
  bool ReadUntil(const std::function<bool()>& holds);

  // As ReadUntil, until the peer sees the end of the stream or nothing has come for a while.
  bool ReadToEnd();

  // Moves the wheel and the clock on, tick by tick.
  void Pass(absl::Duration time);

  // All that the peer has read.
  const std::string& received() const { return received_; }
  const std::vector<ReceivedEvent>& events() const { return events_; }
  std::int64_t comment_count() const { return parser_.comment_count(); }
  bool at_end() const { return at_end_; }

 private:
  void OnSessionEnded(Session& session, EndReason reason) override;
  void OnSessionExpired(Session& session) override;
  void OnSessionReleased(Session& session) override;
  void OnSessionDrained(Session&) override {}
  void TellPosition(Session&) override {}
  absl::Duration Uptime() const override { return uptime_; }
  void ReadPeer();

  boost::asio::io_context io_context_{1};
  TimerWheel wheel_;
  absl::Duration uptime_ = absl::ZeroDuration();
  OutboxBudget budget_{std::size_t{1} << 30};
  SessionSettings settings_;
  SocketPair pair_;
  std::unique_ptr<Session> session_;
  bool was_released_ = false;
  std::vector<EndReason> ends_;
  std::string received_;
  EventStreamParser parser_;
  std::vector<ReceivedEvent> events_;
  bool at_end_ = false;
};

}  // namespace sluice::tests
