#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <list>
#include <string>

#include "control/backplane/backplane.h"
#include "edge/base/clock.h"

namespace sluice {

// Which request_ids were used lately, and what was answered.
// Owner:  the local backplane.
// Thread: the cluster thread.
// Limits: a claim is forgotten after kTtl; the oldest go when there are more than kClaimsMax.
class LocalClaims {
 public:
  static constexpr absl::Duration kTtl = absl::Minutes(10);
  static constexpr std::size_t kClaimsMax = 1'000'000;

  struct Claim {
    EventNumber number;
    Backplane::Earlier earlier;
  };

  explicit LocalClaims(const Clock& clock) : clock_(clock) {}

  // Null: the key is free. Valid until the next call.
  Claim* Find(const std::string& key);
  // The key is free.
  void Add(const std::string& key, Claim claim);

 private:
  struct Kept {
    std::string key;
    absl::Duration made;  // Uptime of the clock.
    Claim claim;
  };

  void DropOld();

  const Clock& clock_;
  std::list<Kept> kept_;  // The oldest first.
  absl::flat_hash_map<std::string, std::list<Kept>::iterator> by_key_;
};

}  // namespace sluice
