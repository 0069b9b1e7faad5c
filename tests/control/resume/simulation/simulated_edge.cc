#include "tests/control/resume/simulation/simulated_edge.h"

#include <algorithm>

#include "tests/support/wire/event_stream_parser.h"

namespace sluice::tests {
namespace {

// What the bytes say, as a browser reads them.
PageFrame FrameOfBytes(const std::string& bytes) {
  EventStreamParser parser;
  PageFrame frame;
  for (const ReceivedEvent& event : parser.Feed(bytes)) {
    if (event.id.has_value()) frame.id = EventNumber::Parse(*event.id);
    if (event.event == "message") frame.data = event.data;
    if (event.event != "sluice.gap") continue;
    const auto field = [&event](const std::string& name) {
      const std::size_t begin = event.data.find("\"" + name + "\":\"") + name.size() + 4;
      return event.data.substr(begin, event.data.find('"', begin) - begin);
    };
    frame.gap = field("reason");
    frame.gap_to = EventNumber::Parse(field("to")).value_or(EventNumber());
  }
  return frame;
}

}  // namespace

void SimulatedEdge::Open(ConnectionId id, std::string client_id, std::vector<std::string> groups,
                         Write write) {
  sessions_[id] = {std::move(client_id), std::move(groups), std::move(write)};
}

bool SimulatedEdge::IsFor(const Session& session, const Target& target) {
  switch (target.kind) {
    case Target::Kind::kAll:
      return true;
    case Target::Kind::kClient:
      return session.client_id == target.name;
    case Target::Kind::kGroup:
      return std::find(session.groups.begin(), session.groups.end(), target.name) !=
             session.groups.end();
  }
  return false;
}

void SimulatedEdge::Replay(ConnectionId id, ReplayPage page, absl::AnyInvocable<void()> drained) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  if (page.opening.has_value()) {
    PageFrame open;
    if (page.opening->id.has_value()) open.id = EventNumber::Parse(*page.opening->id);
    session.write(open);
  }
  for (const ReplayItem& item : page.items) {
    const bool is_for_it =
        item.filter == nullptr || !item.filter->except_client_ids.contains(session.client_id);
    if (is_for_it) session.write(FrameOfBytes(*item.bytes));
  }
  if (!page.live.has_value()) {
    return scheduler_.After(time_.Between(0, 0.1), std::move(drained));
  }
  session.is_live = true;
  session.served = std::max(page.live->order, last_order_);
  session.told = page.live->order;
}

void SimulatedEdge::SetGroups(ConnectionId id, std::vector<std::string> groups) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) found->second.groups = std::move(groups);
}

void SimulatedEdge::Hold(ConnectionId id, std::vector<std::string> groups) {
  SetGroups(id, std::move(groups));
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) found->second.is_live = false;
}

void SimulatedEdge::Deliver(const std::vector<int>&, const Target& target,
                            const OrderedEvent& event,
                            absl::AnyInvocable<void(FanOutResult)> done) {
  last_order_ = event.order;
  for (auto& [id, session] : sessions_) {
    if (!session.is_live || !IsFor(session, target)) continue;
    if (session.served >= event.order && !broken_.doubles) continue;
    if (event.filter != nullptr && event.filter->except_client_ids.contains(session.client_id)) {
      continue;
    }
    session.served = event.order;
    if (event.is_resumable) session.told = event.order;
    session.write(FrameOfBytes(*event.bytes));
  }
  done({});
}

void SimulatedEdge::TellGap(const Target& target, std::string_view reason, const EventNumber&,
                            const EventNumber& to, bool carries_id) {
  PageFrame gap;
  gap.gap = reason;
  gap.gap_to = to;
  if (carries_id) gap.id = to;
  for (auto& [id, session] : sessions_) {
    if (session.is_live && IsFor(session, target)) session.write(gap);
  }
}

void SimulatedEdge::SetPosition(const EventNumber& position, std::uint64_t order) {
  for (auto& [id, session] : sessions_) {
    // Heartbeats come to one stream after the other.
    if (!session.is_live || !time_.Chance(0.5) || session.told >= order) continue;
    session.served = std::max(session.served, order);
    session.told = order;
    PageFrame frame;
    frame.id = position;
    session.write(frame);
  }
}

}  // namespace sluice::tests
