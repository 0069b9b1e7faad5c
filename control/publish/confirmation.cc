#include "control/publish/confirmation.h"

#include <algorithm>
#include <utility>

namespace sluice {

void Confirmation::Expect(int acks_expected, int deaf, v1::Delivery delivery, PublishDone done) {
  v1::Delivery answer;
  PublishDone answer_done;
  {
    const MutexLock lock(mutex_);
    is_expected_ = true;
    acks_expected_ = acks_expected;
    deaf_ = deaf;
    delivery_ = std::move(delivery);
    done_ = std::move(done);
    if (acks_received_ < acks_expected_) return;
    answer_done = TakeAnswer(answer);
  }
  answer_done(std::move(answer));
}

void Confirmation::Acknowledge(FanOutResult result) {
  v1::Delivery answer;
  PublishDone answer_done;
  {
    const MutexLock lock(mutex_);
    ++acks_received_;
    sum_.entered += result.entered;
    sum_.dropped += result.dropped;
    if (!is_expected_ || is_answered_ || acks_received_ < acks_expected_) return;
    answer_done = TakeAnswer(answer);
  }
  answer_done(std::move(answer));
}

void Confirmation::GiveUp() {
  v1::Delivery answer;
  PublishDone answer_done;
  {
    const MutexLock lock(mutex_);
    if (!is_expected_ || is_answered_) return;
    answer_done = TakeAnswer(answer);
  }
  answer_done(std::move(answer));
}

void Confirmation::GiveUpOnSilent(int silent) {
  {
    const MutexLock lock(mutex_);
    if (acks_expected_ - acks_received_ > silent) return;
  }
  GiveUp();
}

bool Confirmation::is_answered() const {
  const MutexLock lock(mutex_);
  return is_answered_;
}

PublishDone Confirmation::TakeAnswer(v1::Delivery& delivery) {
  is_answered_ = true;
  delivery = std::move(delivery_);
  delivery.set_connections(sum_.entered);
  delivery.set_dropped(sum_.dropped);
  delivery.set_replicas(acks_received_);
  // A replica that subscribed after the publish was counted may have acknowledged it too.
  delivery.set_unconfirmed_replicas(std::max(acks_expected_ - acks_received_, 0) + deaf_);
  return std::move(done_);
}

}  // namespace sluice
