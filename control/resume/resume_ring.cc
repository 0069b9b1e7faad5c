#include "control/resume/resume_ring.h"

#include <algorithm>

namespace sluice {
namespace {

// What an event costs besides its bytes.
constexpr std::size_t kEventOverheadBytes = 256;

std::size_t CostOf(const OrderedEvent& event) {
  return event.bytes->size() + kEventOverheadBytes;
}

}  // namespace

void ResumeRing::Record(const std::string& channel) {
  if (!channels_.contains(channel)) idle_.try_emplace(channel, kNever);
}

void ResumeRing::Cover(const std::string& channel, std::uint64_t since) {
  if (const auto found = channels_.find(channel); found != channels_.end()) {
    Channel& recorded = *found->second;
    if (recorded.covered_since == kNever) {
      recorded.covered_since = std::max(since, recorded.dropped_to);
    }
  } else if (const auto idle = idle_.find(channel); idle != idle_.end()) {
    if (idle->second == kNever) idle->second = since;
  }
}

void ResumeRing::Forget(const std::string& channel) {
  idle_.erase(channel);
  const auto found = channels_.extract(channel);
  if (found.empty()) return;
  Channel& forgotten = *found.mapped();
  forgotten.is_recorded = false;
  for (const OrderedEvent& event : forgotten.events) bytes_ -= CostOf(event);
  forgotten.events.clear();
}

void ResumeRing::Clear() {
  idle_.clear();
  channels_.clear();
  order_.clear();
  bytes_ = 0;
}

void ResumeRing::Add(const std::string& channel, const OrderedEvent& event) {
  auto found = channels_.find(channel);
  if (found == channels_.end()) {
    const auto idle = idle_.extract(channel);
    if (idle.empty()) return;
    auto made = std::make_shared<Channel>();
    made->covered_since = idle.mapped();
    found = channels_.emplace(channel, std::move(made)).first;
  }
  found->second->events.push_back(event);
  order_.push_back(found->second);
  bytes_ += CostOf(event);
  while (bytes_ > bytes_max_) DropOldest();
}

void ResumeRing::DropOldest() {
  const std::shared_ptr<Channel> channel = order_.front();
  order_.pop_front();
  if (!channel->is_recorded) return;
  const OrderedEvent& oldest = channel->events.front();
  channel->dropped_to = oldest.number.sequence;
  if (channel->covered_since != kNever) {
    channel->covered_since = std::max(channel->covered_since, channel->dropped_to);
  }
  bytes_ -= CostOf(oldest);
  channel->events.pop_front();
}

bool ResumeRing::Covers(const std::vector<ResumeSpan>& spans) const {
  return std::all_of(spans.begin(), spans.end(), [this](const ResumeSpan& span) {
    if (const auto found = channels_.find(span.channel); found != channels_.end()) {
      return found->second->covered_since <= span.after;
    }
    const auto idle = idle_.find(span.channel);
    return idle != idle_.end() && idle->second <= span.after;
  });
}

std::optional<std::vector<OrderedEvent>> ResumeRing::Read(
    const std::vector<ResumeSpan>& spans) const {
  if (!Covers(spans)) return std::nullopt;
  std::vector<OrderedEvent> events;
  for (const ResumeSpan& span : spans) {
    const auto found = channels_.find(span.channel);
    if (found == channels_.end()) continue;
    const auto& kept = found->second->events;
    const auto first = std::partition_point(
        kept.begin(), kept.end(),
        [&span](const OrderedEvent& event) { return event.number.sequence <= span.after; });
    events.insert(events.end(), first, kept.end());
  }
  std::sort(events.begin(), events.end(), [](const OrderedEvent& a, const OrderedEvent& b) {
    return a.number.sequence < b.number.sequence;
  });
  return events;
}

}  // namespace sluice
