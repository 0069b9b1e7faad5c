#include "tests/control/resume/simulation/simulated_replica.h"

#include "control/backplane/channel.h"
#include "control/message/envelope.h"

namespace sluice::tests {
namespace {

constexpr std::size_t kPageBytesMax = 3000;

}  // namespace

SimulatedReplica::SimulatedReplica(VirtualTime& time, SimulatedRedis& redis,
                                   std::size_t ring_bytes_max, const Broken& broken)
    : time_(time),
      broken_(broken),
      scheduler_(time),
      backplane_(time, redis),
      edge_(time, broken),
      interest_(backplane_, *this),
      feed_(scheduler_, /*has_history=*/true, ring_bytes_max, backplane_, edge_, *this),
      splices_(
          scheduler_, {true, kPageBytesMax}, backplane_, feed_.ring(), feed_.order(), edge_,
          [this](absl::AnyInvocable<void()> task) { scheduler_.Post(std::move(task)); }, *this),
      streams_(/*has_history=*/true, backplane_, interest_, directory_, edge_, feed_, splices_) {
  backplane_.Start(*this);
  feed_.Start();
}

ConnectionId SimulatedReplica::Accept(const std::string& client_id, std::vector<std::string> groups,
                                      std::optional<std::string> last_event_id,
                                      SimulatedEdge::Write write) {
  OpenedConnection opened;
  opened.id = time_.NextConnectionId();
  opened.client_id = client_id;
  opened.groups = groups;
  opened.last_event_id = std::move(last_event_id);
  const ConnectionId id = opened.id;
  edge_.Open(id, client_id, std::move(groups), std::move(write));
  streams_.Open(std::move(opened));
  return id;
}

void SimulatedReplica::Close(ConnectionId id) {
  edge_.Close(id);
  streams_.Close(id, EndReason::kClientGone);
}

void SimulatedReplica::OnMessage(const std::string& channel, const EventNumber& number,
                                 std::string_view payload) {
  const auto envelope = DecodeEnvelope(payload);
  if (envelope.ok() && envelope->has_record()) {
    return streams_.OnRecord(TargetOf(channel)->name, number, envelope->record(), nullptr);
  }
  if (!feed_.is_whole() && !broken_.hold) return feed_.Hold(channel, number, payload);
  if (feed_.HasDelivered(number)) return;
  OnEvent(channel, number, feed_.order().Advance(number), payload, absl::ZeroDuration(), false);
}

void SimulatedReplica::OnInterrupted() {
  feed_.OnInterrupted();
  interest_.OnInterrupted();
  if (!interest_.is_catching_up()) OnSubscribedAgain();
}

void SimulatedReplica::OnSubscribedAgain() {
  feed_.OnSubscribedAgain(interest_.SubscribedChannels(), directory_.ClientIds());
}

void SimulatedReplica::OnEvent(const std::string& channel, const EventNumber& number,
                               std::uint64_t order, std::string_view payload, absl::Duration,
                               bool) {
  const auto envelope = DecodeEnvelope(payload);
  auto event =
      DecodeEvent(envelope->event(), number, IdRule::kAllButEphemeral, absl::ZeroDuration());
  event->order = order;
  if (event->is_resumable) feed_.ring().Add(channel, *event);
  edge_.Deliver({0}, *TargetOf(channel), *event, [](FanOutResult) {});
}

}  // namespace sluice::tests
