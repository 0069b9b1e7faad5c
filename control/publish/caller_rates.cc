#include "control/publish/caller_rates.h"

#include <algorithm>

#include "control/request/error_reason.h"

namespace sluice {
namespace {

constexpr std::size_t kPruneFrom = 256;

}  // namespace

absl::Status CallerRates::Take(const std::string& caller_id) {
  if (per_second_max_ <= 0) return absl::OkStatus();
  const absl::Duration uptime = clock_.Uptime();
  const MutexLock lock(mutex_);
  if (rates_.size() > std::max(kPruneFrom, 2 * pruned_size_)) {
    absl::erase_if(rates_, [uptime](const auto& entry) { return entry.second.IsFull(uptime); });
    pruned_size_ = rates_.size();
  }
  RateLimit& rate = rates_.try_emplace(caller_id, per_second_max_).first->second;
  if (rate.Take(uptime)) return absl::OkStatus();
  return TooFast(per_second_max_, rate.Wait());
}

}  // namespace sluice
