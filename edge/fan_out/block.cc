#include "edge/fan_out/block.h"

#include <algorithm>
#include <utility>

#include "edge/base/check.h"
#include "edge/fan_out/filter_match.h"

namespace sluice {

Block::Block(Audience& audience, std::shared_ptr<const DeliveryFilter> filter)
    : audience_(audience), filter_(std::move(filter)) {}

std::size_t Block::size_bytes() const {
  if (frames_.empty()) return 0;
  return bytes_.empty() ? frames_.front()->bytes().size() : bytes_.size();
}

bool Block::Takes(const Audience& audience, const DeliveryFilter* filter, std::size_t bytes) const {
  if (&audience != &audience_ || parts_.size() >= kFramesMax) return false;
  if (size_bytes() + bytes > kBytesMax) return false;
  if (filter == nullptr || filter_ == nullptr) return filter == filter_.get();
  return *filter == *filter_;
}

void Block::Add(std::uint64_t number, FramePointer frame, std::shared_ptr<FanOutReceipt> receipt,
                absl::Duration received) {
  KeepEntered();
  if (frames_.size() == 1) bytes_ = frames_.front()->bytes();
  parts_.push_back({std::move(receipt), number, size_bytes(), received, {}});
  if (frame->number().sequence != 0) last_id_order_ = number;
  if (frame->traits().rules != nullptr) {
    expires_ = std::min(expires_, frame->traits().rules->expires);
  }
  if (!frames_.empty()) bytes_.append(frame->bytes());
  frames_.push_back(std::move(frame));
}

// Results that the parts have already, from sessions that were brought up to date before the
// others, are not those of a part that is added.
void Block::KeepEntered() {
  if (entered_by_all_ == 0) return;
  const std::int64_t entered = std::exchange(entered_by_all_, 0);
  for (Part& part : parts_) part.result.entered += entered;
}

bool Block::Absorb(Block& later) {
  if (parts_.size() + later.parts_.size() > kFramesMax) return false;
  if (!Takes(later.audience_, later.filter_.get(), later.size_bytes())) return false;
  for (std::size_t i = 0; i < later.parts_.size(); ++i) {
    Part& part = later.parts_[i];
    Add(part.number, std::move(later.frames_[i]), std::move(part.receipt), part.received);
  }
  return true;
}

void Block::Deliver(Session& session) {
  if (IsServed(session) || (filter_ != nullptr && !Holds(*filter_, session))) return;
  std::size_t first = 0;
  if (session.served() >= parts_.front().number) {
    // A small send, or its joining, has brought the session part of the block's way.
    const auto is_served = [&](const Part& part) { return part.number <= session.served(); };
    first = static_cast<std::size_t>(std::partition_point(parts_.begin(), parts_.end(), is_served) -
                                     parts_.begin());
  }
  if (last_id_order_ > session.served()) session.set_told(last_id_order_);
  session.set_served(parts_.back().number);
  if (expires_ < absl::InfiniteDuration() && expires_ <= session.uptime()) {
    return DeliverUnexpired(session, first);
  }
  const std::string_view bytes = bytes_.empty() ? frames_.front()->bytes() : bytes_;
  const Session::Delivered delivered = session.Deliver(bytes.substr(parts_[first].offset),
                                                       absl::MakeConstSpan(frames_).subspan(first));
  if (delivered.entered == frames_.size()) {
    ++entered_by_all_;
    return;
  }
  for (std::size_t i = 0; i < delivered.entered; ++i) ++parts_[first + i].result.entered;
  const std::size_t first_dropped = first + delivered.entered;
  for (std::size_t i = 0; i < delivered.dropped; ++i) ++parts_[first_dropped + i].result.dropped;
}

void Block::DeliverUnexpired(Session& session, std::size_t first) {
  const absl::Duration uptime = session.uptime();
  for (std::size_t i = first; i < frames_.size(); ++i) {
    if (frames_[i]->HasExpired(uptime)) continue;
    const Session::Delivered delivered =
        session.Deliver(frames_[i]->bytes(), absl::MakeConstSpan(&frames_[i], 1));
    parts_[i].result.entered += static_cast<std::int64_t>(delivered.entered);
    parts_[i].result.dropped += static_cast<std::int64_t>(delivered.dropped);
  }
}

void Block::Acknowledge(EdgeCounts& counts, absl::Duration uptime) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    part.result.entered += entered_by_all_;
    const auto entered = static_cast<std::uint64_t>(part.result.entered);
    counts.delivered += entered;
    counts.delivered_bytes += entered * frames_[i]->bytes().size();
    counts.dropped += static_cast<std::uint64_t>(part.result.dropped);
    if (entered > 0) counts.fan_out.Add(uptime - part.received);
    part.receipt->AddPart(part.result);
  }
}

}  // namespace sluice
