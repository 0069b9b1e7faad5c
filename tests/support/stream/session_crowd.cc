#include "tests/support/stream/session_crowd.h"

#include <utility>

#include "edge/base/check.h"
#include "tests/support/wire/event_stream_parser.h"

namespace sluice::tests {
namespace {

SessionSettings Settings(std::size_t outbox_bytes_max) {
  return {outbox_bytes_max, SlowConsumer::kDisconnect, absl::Hours(1), absl::Hours(1),
          FrameOf(std::string(kHeartbeatComment))};
}

}  // namespace

SessionCrowd::SessionCrowd()
    : settings_(Settings(std::size_t{1} << 20)), stuck_settings_(Settings(4096)) {}

SessionCrowd::~SessionCrowd() = default;

SessionCrowd::Member& SessionCrowd::Join(const std::string& client_id,
                                         const std::vector<std::string>& groups, bool is_stuck) {
  // The kernel takes its smallest buffer for 1 byte.
  SocketPair pair = LocalPair(io_context_, is_stuck ? 1 : 0);
  auto member = std::make_unique<Member>();
  member->client_id = client_id;
  member->groups = groups;
  member->id = ConnectionId::Make(0);
  member->far = std::move(pair.far);
  SessionIdentity identity;
  identity.client_id = client_id;
  member->session =
      std::make_unique<Session>(member->id, std::move(identity), std::move(pair.near),
                                is_stuck ? stuck_settings_ : settings_, wheel_, budget_, *this);
  Member& joined = *member;
  members_by_id_.emplace(joined.id, &joined);
  members_.push_back(std::move(member));
  // As the shard does it.
  joined.session->Start(FrameOf("retry: 1000\n\n"));
  fan_outs_.ServeFrom(*joined.session, 0);
  joined.session->GoLive();
  index_.Join(*joined.session, groups);
  return joined;
}

void SessionCrowd::Turn() {
  io_context_.restart();
  io_context_.poll();
  for (Member* member : std::exchange(released_, {})) member->session.reset();
}

std::vector<std::string> SessionCrowd::ReadData(Member& member) {
  EventStreamParser parser;
  std::vector<std::string> data;
  for (ReceivedEvent& event : parser.Feed(Read(member))) data.push_back(std::move(event.data));
  return data;
}

void SessionCrowd::OnSessionEnded(Session& session, EndReason reason) {
  index_.Leave(session);
  Member& member = MemberOf(session);
  SLUICE_CHECK(!member.has_ended);
  member.has_ended = true;
  member.end_reason = reason;
}

void SessionCrowd::OnSessionReleased(Session& session) {
  Member& member = MemberOf(session);
  SLUICE_CHECK(!member.is_released);
  member.is_released = true;
  member.delivered = session.delivered_count();
  released_.push_back(&member);
}

SessionCrowd::Member& SessionCrowd::MemberOf(const Session& session) {
  return *members_by_id_.at(session.id());
}

}  // namespace sluice::tests
