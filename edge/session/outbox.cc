#include "edge/session/outbox.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "edge/base/check.h"
#include "edge/sse/server_events.h"

namespace sluice {
namespace {

// Fewer entries are not worth to be moved.
constexpr std::size_t kCompactFrom = 64;

constexpr std::string_view kDropped = "dropped";

std::string_view KeyOf(const Frame& frame) {
  const auto& rules = frame.traits().rules;
  return rules == nullptr ? std::string_view() : std::string_view(rules->conflation_key);
}

std::string TextOf(const EventNumber& number) {
  return number.sequence == 0 ? std::string() : number.ToString();
}

}  // namespace

void Outbox::Push(FramePointer frame, std::size_t written) {
  SLUICE_DCHECK(written == 0 || empty());
  if (const std::string_view key = KeyOf(*frame); !key.empty()) {
    const auto older = places_by_key_.find(key);
    if (older != places_by_key_.end() && !HasBegun(older->second)) {
      Take(older->second);
      Count(&OutboxCounts::conflated);
    }
    SkipTaken();
  }
  if (empty()) first_written_ = written;
  frames_.emplace_back();
  Put(frames_.size() - 1, std::move(frame));
  Compact();
}

int Outbox::Gather(iovec* parts, int parts_max) const {
  int count = 0;
  std::size_t skip = first_written_;
  for (std::size_t i = first_; i < frames_.size() && count < parts_max; ++i) {
    if (frames_[i] == nullptr) continue;
    const std::string_view bytes = frames_[i]->bytes().substr(skip);
    // iovec is not const-correct; sendmsg only reads.
    parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
    skip = 0;
  }
  return count;
}

void Outbox::Consume(std::size_t bytes) {
  first_written_ += bytes;
  while (!empty() && first_written_ >= frames_[first_]->bytes().size()) {
    first_written_ -= frames_[first_]->bytes().size();
    if (frames_[first_]->number().sequence != 0) position_ = frames_[first_]->number();
    Take(first_);
    SkipTaken();
  }
  Compact();
}

void Outbox::DropUnbegun() {
  const std::size_t keep = first_ + (first_written_ > 0 ? 1 : 0);
  for (std::size_t i = keep; i < frames_.size(); ++i) {
    if (frames_[i] != nullptr) Take(i);
  }
  SkipTaken();
  Compact();
}

void Outbox::DropExpired(absl::Duration uptime) {
  if (with_rules_ == 0) return;
  for (std::size_t i = first_; i < frames_.size(); ++i) {
    if (frames_[i] == nullptr || HasBegun(i) || !frames_[i]->HasExpired(uptime)) continue;
    Take(i);
    Count(&OutboxCounts::expired);
  }
  SkipTaken();
  Compact();
}

bool Outbox::DropOldest(std::size_t cost_max) {
  for (std::size_t i = first_; i < frames_.size() && cost_ > cost_max; ++i) {
    if (frames_[i] == nullptr || HasBegun(i) || frames_[i]->traits().is_own) continue;
    ReplaceWithGap(i);
    Count(&OutboxCounts::pushed_out);
  }
  Compact();
  return cost_ <= cost_max;
}

void Outbox::Refuse(const Frame& frame) {
  Count(&OutboxCounts::refused);
  const std::size_t last = Before(frames_.size());
  FramePointer gap = MakeGap(last, frame);
  if (IsWidening(last)) {
    Take(last);
    return Put(last, std::move(gap));
  }
  if (empty()) first_written_ = 0;
  frames_.emplace_back();
  Put(frames_.size() - 1, std::move(gap));
}

std::size_t Outbox::Before(std::size_t place) const {
  while (place > first_) {
    if (frames_[--place] != nullptr) return place;
  }
  return frames_.size();
}

bool Outbox::IsWidening(std::size_t place) const {
  return place < frames_.size() && !HasBegun(place) &&
         frames_[place]->traits().dropped_since.has_value();
}

FramePointer Outbox::MakeGap(std::size_t before, const Frame& dropped) const {
  FrameTraits traits;
  traits.is_own = true;
  std::size_t place = before;
  while (place < frames_.size() && frames_[place]->number().sequence == 0) place = Before(place);
  traits.number = place < frames_.size() ? frames_[place]->number() : position_;
  traits.dropped_since =
      IsWidening(before) ? frames_[before]->traits().dropped_since : std::optional(traits.number);
  if (dropped.number().sequence != 0) traits.number = dropped.number();
  const std::string to = TextOf(traits.number);
  auto bytes = std::make_shared<const std::string>(
      EncodeGap(kDropped, TextOf(*traits.dropped_since), to,
                to.empty() ? std::nullopt : std::optional<std::string_view>(to)));
  return FramePointer(new Frame(std::move(bytes), std::move(traits)));
}

void Outbox::ReplaceWithGap(std::size_t place) {
  const std::size_t before = Before(place);
  FramePointer gap = MakeGap(before, *frames_[place]);
  if (IsWidening(before)) Take(before);
  Take(place);
  Put(place, std::move(gap));
  SkipTaken();
  // The next drop looks from first_ on, so what has begun stays next to the gap.
  if (!HasBegun(first_) || Before(place) != first_ || place == first_ + 1) return;
  Unkey(first_);
  frames_[place - 1] = std::move(frames_[first_]);
  first_ = place - 1;
}

void Outbox::Put(std::size_t place, FramePointer frame) {
  cost_ += frame->cost();
  if (frame->traits().rules != nullptr) ++with_rules_;
  frames_[place] = std::move(frame);
  Key(place);
}

void Outbox::Take(std::size_t place) {
  const Frame& frame = *frames_[place];
  cost_ -= frame.cost();
  if (frame.traits().rules != nullptr) --with_rules_;
  Unkey(place);
  frames_[place].reset();
}

void Outbox::Key(std::size_t place) {
  const std::string_view key = KeyOf(*frames_[place]);
  if (key.empty()) return;
  places_by_key_.erase(key);  // The entry's key lives as long as the frame whose key it is.
  places_by_key_.emplace(key, place);
}

void Outbox::Unkey(std::size_t place) {
  const std::string_view key = KeyOf(*frames_[place]);
  if (key.empty()) return;
  const auto found = places_by_key_.find(key);
  if (found != places_by_key_.end() && found->second == place) places_by_key_.erase(found);
}

void Outbox::SkipTaken() {
  while (first_ < frames_.size() && frames_[first_] == nullptr) ++first_;
}

void Outbox::Compact() {
  if (empty()) {
    frames_.clear();
    first_ = compacted_size_ = 0;
    return;
  }
  const std::size_t size = frames_.size();
  if (size < kCompactFrom || size < 2 * compacted_size_) return;
  frames_.erase(std::remove(frames_.begin(), frames_.end(), nullptr), frames_.end());
  first_ = 0;
  compacted_size_ = frames_.size();
  places_by_key_.clear();
  for (std::size_t i = 0; i < frames_.size(); ++i) Key(i);
}

}  // namespace sluice
