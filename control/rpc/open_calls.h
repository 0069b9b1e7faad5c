#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <utility>
#include <vector>

#include "edge/base/mutex.h"

namespace sluice {

// The streaming calls that are under way, so that they can be ended in order when the server stops.
// Thread: any.
class OpenCalls {
 public:
  class Call {
   public:
    virtual ~Call() = default;
    // Reads no more, answers what it has read, and finishes with UNAVAILABLE, reason SHUTTING_DOWN.
    virtual void End() = 0;
  };

  void Add(const std::shared_ptr<Call>& call) {
    const MutexLock lock(mutex_);
    calls_.emplace(call.get(), call);
  }

  // Before the call is gone.
  void Remove(Call* call) {
    const MutexLock lock(mutex_);
    calls_.erase(call);
  }

  void EndAll() {
    std::vector<std::shared_ptr<Call>> open;
    {
      const MutexLock lock(mutex_);
      for (const auto& [unused, call] : calls_) {
        if (auto held = call.lock()) open.push_back(std::move(held));
      }
    }
    for (const auto& call : open) call->End();
  }

 private:
  Mutex mutex_;
  absl::flat_hash_map<Call*, std::weak_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
