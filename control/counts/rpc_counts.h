#pragma once

#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "edge/base/mutex.h"
#include "edge/counts/edge_counts.h"

namespace sluice {

// What became of the calls of each RPC, and how long they took. Each entry of a Publish call counts
// as one.
// Thread: any; Add before the first call. One mutex a method, held for some additions.
class RpcCounts {
 public:
  static constexpr std::size_t kCodes = 17;  // Those of gRPC.

  struct Totals {
    std::string method;
    std::array<std::uint64_t, kCodes> by_code{};
    DurationCounts durations;
  };

  class Method {
   public:
    explicit Method(std::string name) { totals_.method = std::move(name); }

    void Count(int code, absl::Duration duration) {
      const MutexLock lock(mutex_);
      if (code >= 0 && static_cast<std::size_t>(code) < kCodes) {
        ++totals_.by_code[static_cast<std::size_t>(code)];
      }
      totals_.durations.Add(duration);
    }

    Totals Read() const {
      const MutexLock lock(mutex_);
      return totals_;
    }

   private:
    mutable Mutex mutex_;
    Totals totals_ ABSL_GUARDED_BY(mutex_);
  };

  // Lives as long as this.
  Method& Add(std::string name) { return methods_.emplace_back(std::move(name)); }

  std::vector<Totals> Read() const {
    std::vector<Totals> all;
    for (const Method& method : methods_) all.push_back(method.Read());
    return all;
  }

 private:
  std::deque<Method> methods_;
};

}  // namespace sluice
