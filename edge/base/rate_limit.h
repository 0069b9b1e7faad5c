#pragma once

#include <absl/time/time.h>

#include <algorithm>

namespace sluice {

// How often something may happen: so often a second, and up to a second's worth at once after a
// rest (a token bucket).
class RateLimit {
 public:
  // 0: any rate.
  explicit RateLimit(double per_second_max)
      : per_second_max_(per_second_max), tokens_(std::max(per_second_max, 1.0)) {}

  // False: not now. `uptime` never goes back.
  bool Take(absl::Duration uptime) {
    if (per_second_max_ <= 0) return true;
    tokens_ = std::min(tokens_ + absl::ToDoubleSeconds(uptime - taken_) * per_second_max_,
                       std::max(per_second_max_, 1.0));
    taken_ = uptime;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

  // How long until Take can be true again.
  absl::Duration Wait() const {
    if (per_second_max_ <= 0 || tokens_ >= 1) return absl::ZeroDuration();
    return absl::Seconds((1 - tokens_) / per_second_max_);
  }

  // As if it were new.
  bool IsFull(absl::Duration uptime) const {
    return tokens_ + absl::ToDoubleSeconds(uptime - taken_) * per_second_max_ >=
           std::max(per_second_max_, 1.0);
  }

 private:
  double per_second_max_;
  double tokens_;
  absl::Duration taken_ = absl::ZeroDuration();  // When it was last asked.
};

}  // namespace sluice
