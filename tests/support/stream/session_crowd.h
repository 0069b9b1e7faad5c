#pragma once

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "edge/fan_out/audience_index.h"
#include "edge/fan_out/fan_out_queue.h"
#include "edge/session/session.h"
#include "tests/support/stream/frames.h"
#include "tests/support/stream/socket_pair.h"
#include "tests/support/time/manual_clock.h"

namespace sluice::tests {

// Many sessions with the parts of a shard that deliver to them, driven by the test.
// Thread: one thread.
// Limits: two file descriptors a member until it is released, one from then on.
class SessionCrowd : public SessionOwner {
 public:
  // One session with the browser's end of its connection. It stays when the session has gone.
  struct Member {
    std::string client_id;
    std::vector<std::string> groups;
    ConnectionId id;
    std::unique_ptr<Session> session;  // Null once it was released and reaped.
    TcpSocket far;
    bool has_ended = false;
    EndReason end_reason = EndReason::kClientGone;
    bool is_released = false;
    std::uint64_t delivered = 0;  // Its delivered_count() when it was released.
    bool is_at_end = false;       // The far end has seen the end of the stream.
  };

  SessionCrowd();
  ~SessionCrowd() override;

  // A live session that has joined its audiences. `is_stuck`: its connection and its outbox are
  // small, so that a few events that nobody reads end it.
  Member& Join(const std::string& client_id, const std::vector<std::string>& groups,
               bool is_stuck = false);

  // Lets the loop run what is ready, and destroys released sessions.
  void Turn();

  // All that the member's far end has got since the last call.
  std::string Read(Member& member) { return ReadAvailable(member.far, member.is_at_end); }

  // The data of the events among it.
  std::vector<std::string> ReadData(Member& member);

  AudienceIndex& index() { return index_; }
  FanOutQueue& fan_outs() { return fan_outs_; }
  const OutboxBudget& budget() const { return budget_; }
  EdgeCounts& counts() { return counts_; }
  std::vector<std::unique_ptr<Member>>& members() { return members_; }

 private:
  void OnSessionEnded(Session& session, EndReason reason) override;
  void OnSessionExpired(Session&) override {}
  void OnSessionReleased(Session& session) override;
  void OnSessionDrained(Session&) override {}
  void TellPosition(Session&) override {}
  absl::Duration Uptime() const override { return absl::ZeroDuration(); }
  Member& MemberOf(const Session& session);

  boost::asio::io_context io_context_{1};
  TimerWheel wheel_;
  OutboxBudget budget_{std::size_t{1} << 30};
  SessionSettings settings_;
  SessionSettings stuck_settings_;
  AudienceIndex index_;
  const ManualClock clock_;
  EdgeCounts counts_;
  FanOutQueue fan_outs_{index_, clock_, counts_};
  std::vector<std::unique_ptr<Member>> members_;
  absl::flat_hash_map<ConnectionId, Member*> members_by_id_;
  std::vector<Member*> released_;
};

}  // namespace sluice::tests
