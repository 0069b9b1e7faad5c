#pragma once

#include <absl/time/clock.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/integration/cluster/faults/fault_table.h"
#include "tests/integration/cluster/faults/traffic.h"

namespace sluice::tests {

// Three replicas with two streams each, traffic by way of the first two, and a fault.
class FaultTest : public ClusterTest {
 protected:
  // Starts the replicas, one on each of these Redis URLs, and the traffic.
  void Begin(const std::vector<std::string>& redis_urls,
             const std::vector<std::string>& more_flags = {});

  // Waits until all is well, ends the traffic, compares, and writes the table's row. `since`: when
  // the fault, or its end, came. `may_be_forgotten`: as of Traffic::Verify.
  void Finish(const std::string& fault, absl::Time since, bool may_be_forgotten = false);

  // Callers get this answer from now on.
  void WaitForResult(const std::string& result);

  Traffic& traffic() { return *traffic_; }
  std::vector<std::shared_ptr<EventStream>>& streams() { return streams_; }
  // Those that ended in the fault.
  std::vector<std::shared_ptr<EventStream>>& ended() { return ended_; }

  // What gaps the streams were told, for the table.
  std::string GapsTold() const;

 private:
  std::vector<std::shared_ptr<EventStream>> streams_;
  std::vector<std::shared_ptr<EventStream>> ended_;
  std::unique_ptr<Traffic> traffic_;
};

}  // namespace sluice::tests
