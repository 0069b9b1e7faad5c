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

void ResumeRing::Cover(const std::string& channel, std::uint64_t since) {
  if (!channels_.contains(channel)) idle_.try_emplace(channel, since);
}

void ResumeRing::Uncover(const std::string& channel) {
  idle_.erase(channel);
  const auto found = channels_.extract(channel);
  if (found.empty()) return;
  Channel& uncovered = *found.mapped();
  uncovered.is_covered = false;
  for (const OrderedEvent& event : uncovered.events) bytes_ -= CostOf(event);
  uncovered.events.clear();
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
  if (!channel->is_covered) return;
  const OrderedEvent& oldest = channel->events.front();
  channel->covered_since = oldest.number.sequence;
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
