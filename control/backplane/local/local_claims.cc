#include "control/backplane/local/local_claims.h"

#include <iterator>
#include <utility>

namespace sluice {

LocalClaims::Claim* LocalClaims::Find(const std::string& key) {
  DropOld();
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second->claim;
}

void LocalClaims::Add(const std::string& key, Claim claim) {
  kept_.push_back({key, clock_.Uptime(), std::move(claim)});
  by_key_.emplace(key, std::prev(kept_.end()));
  DropOld();
}

void LocalClaims::DropOld() {
  const absl::Duration oldest = clock_.Uptime() - kTtl;
  while (!kept_.empty() && (kept_.front().made < oldest || kept_.size() > kClaimsMax)) {
    by_key_.erase(kept_.front().key);
    kept_.pop_front();
  }
}

}  // namespace sluice
