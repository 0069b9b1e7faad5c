#pragma once

#include <absl/container/btree_map.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "edge/base/clock.h"

namespace sluice {

// The other replicas, as the backplane last told of them.
// Owner:  the cluster.
// Thread: the cluster thread.
class Members {
 public:
  // A replica that has not reported for this long is waited for by nobody.
  static constexpr absl::Duration kSilentAfter = absl::Seconds(3);
  // One that has not for this long, and has no subscription either, is gone.
  static constexpr absl::Duration kGoneAfter = absl::Seconds(5);

  struct Member {
    Backplane::Member told;
    absl::Duration silence;
    // Would answer a question: it reports, and hears what others say.
    bool is_answering;
  };

  Members(std::string own_replica_id, const Clock& clock);

  // `number`: of the list.
  void Update(std::vector<Backplane::Member> members, const EventNumber& number);
  // The replica lives now, whether it was known or not: who has streams since a moment ago must not
  // be left out until the next Update.
  void OnReported(const std::string& replica_id);
  void Remove(const std::string& replica_id);

  // Sorted by id, without this replica and those that are gone.
  std::vector<Member> Others() const;

  // How many replicas may hold streams although the backplane did not know of them when it gave
  // this number: after a start without its data it forgets who is there, until each comes back.
  int UncountedAt(const EventNumber& number) const;

  // Those that may be counted as receivers of what is published and will not answer.
  int silent_count() const;

 private:
  const std::string own_replica_id_;
  const Clock& clock_;
  absl::Duration updated_;  // Uptime of the clock.
  EventNumber updated_at_;  // Of the last list; sequence 0: there was none.
  // Those that a list did not have any more although they lived in the one before, with when they
  // are given up.
  absl::btree_map<std::string, absl::Duration> missing_;
  absl::btree_map<std::string, Backplane::Member> members_;
};

}  // namespace sluice
