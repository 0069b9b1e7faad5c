#include "edge/session/paced_end.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice {

PacedEnd::PacedEnd(std::vector<ConnectionId> streams, absl::Duration over, absl::Duration now,
                   absl::BitGenRef random)
    : streams_(std::move(streams)), over_(over), start_(now) {
  std::shuffle(streams_.begin(), streams_.end(), random);
}

std::vector<ConnectionId> PacedEnd::TakeDue(absl::Duration now) {
  const absl::Duration passed = now - start_;
  std::size_t due = streams_.size();
  if (passed < over_) {
    const double share = absl::FDivDuration(passed, over_);
    due = static_cast<std::size_t>(std::floor(share * static_cast<double>(streams_.size())));
  }
  std::vector<ConnectionId> taken;
  for (; taken_ < due; ++taken_) taken.push_back(streams_[taken_]);
  return taken;
}

}  // namespace sluice
