#include "edge/session/timer_wheel.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::size_t kSlots = 1024;  // A turn takes 102.4 s; most deadlines are nearer.

}  // namespace

void TimerWheel::Timer::Unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

TimerWheel::TimerWheel() : slots_(kSlots) {
  for (Slot& slot : slots_) {
    slot.previous_ = slot.next_ = &slot;
  }
}

TimerWheel::Tick TimerWheel::After(absl::Duration delay) const {
  const auto ticks = absl::ToInt64Milliseconds(absl::Ceil(delay, kTickLength)) /
                     absl::ToInt64Milliseconds(kTickLength);
  return now_ + static_cast<Tick>(std::max<std::int64_t>(ticks, 1));
}

void TimerWheel::Link(Timer& head, Timer& timer) {
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

void TimerWheel::Schedule(Timer& timer, Tick deadline) {
  thread_.Check();
  timer.Unlink();
  timer.deadline_ = std::max(deadline, expired_until_ + 1);
  Link(slots_[timer.deadline_ % kSlots], timer);
}

bool TimerWheel::Advance(Tick now, std::size_t calls_max) {
  thread_.Check();
  now_ = std::max(now_, now);
  // After a pause longer than a turn every slot is looked at once, not once a missed tick.
  if (now_ - expired_until_ > kSlots) expired_until_ = now_ - kSlots;
  while (expired_until_ < now_) {
    Slot& slot = slots_[(expired_until_ + 1) % kSlots];
    Timer* timer = slot.next_;
    while (timer != &slot) {
      if (timer->deadline_ > now_) {
        timer = timer->next_;
        continue;
      }
      if (calls_max-- == 0) return false;
      timer->Unlink();
      timer->OnDeadline();
      // The call may have unlinked the neighbours too, so look from the start. Those that are not
      // due are few: a slot holds what is due now and what is due a whole turn later.
      timer = slot.next_;
    }
    ++expired_until_;
  }
  return true;
}

}  // namespace sluice
