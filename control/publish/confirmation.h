#pragma once

#include <sluice/v1/event.pb.h>

#include "control/publish/publish_command.h"
#include "edge/base/mutex.h"
#include "edge/fan_out/fan_out.h"

namespace sluice {

// The counts that one publish waits for. Replicas' acks and the number of them may come in any
// order; the last of them sends the answer, on its own thread, so that the answer of a shard needs
// no way back through the cluster thread.
// Thread: any.
class Confirmation {
 public:
  // The publish has its number: `acks_expected` replicas will answer, and `deaf` ones, which are
  // counted as unconfirmed, can't. `delivery` has its event id.
  void Expect(int acks_expected, int deaf, v1::Delivery delivery, PublishDone done);

  // A replica has told what became of the event there.
  void Acknowledge(FanOutResult result);

  // Answers with what has come. Nothing happens if the answer has been sent.
  void GiveUp();

  // GiveUp if no more than so many acks are missing: those of replicas that have gone silent.
  void GiveUpOnSilent(int silent);

  bool is_answered() const;

 private:
  // Takes what is needed to answer outside the mutex.
  PublishDone TakeAnswer(v1::Delivery& delivery) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  bool is_expected_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_answered_ ABSL_GUARDED_BY(mutex_) = false;
  int acks_expected_ ABSL_GUARDED_BY(mutex_) = 0;
  int acks_received_ ABSL_GUARDED_BY(mutex_) = 0;
  int deaf_ ABSL_GUARDED_BY(mutex_) = 0;
  FanOutResult sum_ ABSL_GUARDED_BY(mutex_);
  v1::Delivery delivery_ ABSL_GUARDED_BY(mutex_);
  PublishDone done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
