#include "edge/resume/replays.h"

#include <memory>
#include <utility>
#include <vector>

#include "edge/fan_out/filter_match.h"
#include "edge/sse/server_events.h"

namespace sluice {

void Replays::Write(Session& session, const ReplayPage& page, absl::AnyInvocable<void()> drained) {
  std::vector<FramePointer> frames;
  std::string bytes;
  std::size_t own = 0;
  const auto add = [&](EncodedEvent event, FrameTraits traits) {
    bytes += *event;
    own += traits.is_own ? 1 : 0;
    frames.push_back(FramePointer(new Frame(std::move(event), std::move(traits))));
  };
  if (page.opening.has_value()) {
    const std::string opening =
        EncodeOpen(page.opening->id, session.identity().client_id, session.id().ToString(),
                   replica_id_, page.opening->is_resumed);
    const auto position = EventNumber::Parse(page.opening->id.value_or(""));
    add(std::make_shared<const std::string>(opening),
        {.number = position.value_or(EventNumber()), .is_own = true});
  }
  for (const ReplayItem& item : page.items) {
    if (item.filter != nullptr && !Holds(*item.filter, session)) continue;
    if (item.rules != nullptr && item.rules->HasExpired(session.uptime())) continue;
    add(item.bytes, {.number = item.number, .rules = item.rules, .is_own = item.is_own});
  }
  session.Replay(bytes, frames, own);
  if (page.live.has_value() || !session.is_joining()) return;
  if (session.queued_cost() == 0) return drained();
  waiting_[session.id()] = std::move(drained);
}

void Replays::OnDrained(const Session& session) {
  auto waiting = waiting_.extract(session.id());
  if (!waiting.empty()) waiting.mapped()();
}

}  // namespace sluice
