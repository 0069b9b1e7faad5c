#include "edge/fan_out/fan_out_queue.h"

#include <algorithm>
#include <utility>

#include "edge/base/check.h"

namespace sluice {

void FanOutQueue::Add(FanOut fan_out) {
  thread_.Check();
  OrderedEvent& event = fan_out.event;
  SLUICE_DCHECK(event.order > last_order_);
  last_order_ = event.order;
  Audience* audience = index_.Find(fan_out.target);
  if (audience == nullptr) {
    fan_out.receipt->AddPart({});
    return;
  }
  if (added_.empty() || !added_.back().Takes(*audience, event.filter.get(), event.bytes->size())) {
    index_.Pin(*audience);
    added_.emplace_back(*audience, std::move(event.filter));
  }
  FrameTraits traits;
  if (event.is_resumable) traits.number = event.number;
  traits.rules = std::move(event.rules);
  added_.back().Add(event.order, FramePointer(new Frame(std::move(event.bytes), std::move(traits))),
                    std::move(fan_out.receipt), event.received);
}

bool FanOutQueue::Start() {
  thread_.Check();
  std::size_t sends = 0;
  while (!added_.empty() && sends < kSliceSessions) sends += StartFirst();
  return !added_.empty() || !pending_.empty();
}

void FanOutQueue::Flush() {
  thread_.Check();
  while (!added_.empty()) StartFirst();
}

std::size_t FanOutQueue::StartFirst() {
  Block& block = added_.front();
  std::size_t sends = 0;
  if (block.audience().size() <= kSmallAudience) {
    sends = DeliverWhole(block);
  } else {
    Queue(block);
  }
  added_.pop_front();
  return sends;
}

std::size_t FanOutQueue::DeliverWhole(Block& block) {
  Audience& audience = block.audience();
  std::size_t sends = 0;
  for (std::size_t slot = 0; slot < audience.size(); ++slot) {
    Session* session = audience.at(slot);
    if (session == nullptr) continue;
    sends += ServePending(*session) + 1;
    block.Deliver(*session);
  }
  index_.Unpin(audience);
  block.Acknowledge(counts_, clock_.Uptime());
  return sends;
}

void FanOutQueue::Queue(Block& block) {
  // What waits behind a long walk becomes one block after all.
  const bool may_grow = pending_.size() > 1 || (pending_.size() == 1 && !walk_.has_begun);
  if (may_grow && pending_.back().Absorb(block)) {
    index_.Unpin(block.audience());
    return;
  }
  pending_.push_back(std::move(block));
}

std::size_t FanOutQueue::ServePending(Session& session) {
  std::size_t sends = 0;
  for (Block& block : pending_) {
    if (block.IsServed(session) || !IsMember(session, block.audience())) continue;
    block.Deliver(session);
    ++sends;
  }
  return sends;
}

void FanOutQueue::ServeAll(Session& session) {
  ServePending(session);
  for (Block& block : added_) {
    if (!block.IsServed(session) && IsMember(session, block.audience())) block.Deliver(session);
  }
}

void FanOutQueue::SetGroups(Session& session, const std::vector<std::string>& groups) {
  thread_.Check();
  ServeAll(session);
  if (!session.is_live()) return;  // It was ended over it.
  ServeFrom(session, session.served());
  index_.SetGroups(session, groups);
}

bool FanOutQueue::RunSlice() {
  WalkOn();
  return Start();
}

void FanOutQueue::WalkOn() {
  if (pending_.empty()) return;
  Block& block = pending_.front();
  if (!walk_.has_begun) {
    const std::size_t slots = block.audience().size();
    rotation_ += kSliceSessions;
    walk_ = {true, slots, slots == 0 ? 0 : rotation_ % slots, 0};
  }
  const std::size_t end = std::min(walk_.visited + kSliceSessions, walk_.slots);
  for (; walk_.visited < end; ++walk_.visited) {
    std::size_t slot = walk_.first + walk_.visited;
    if (slot >= walk_.slots) slot -= walk_.slots;
    Session* session = block.audience().at(slot);
    if (session != nullptr) block.Deliver(*session);
  }
  if (walk_.visited == walk_.slots) {
    walk_ = {};
    index_.Unpin(block.audience());
    block.Acknowledge(counts_, clock_.Uptime());
    pending_.pop_front();
  }
}

void FanOutQueue::ServeFrom(Session& session, std::uint64_t order) {
  thread_.Check();
  session.set_served(std::max(order, last_order_));
}

}  // namespace sluice
