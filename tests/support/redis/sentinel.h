#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process/child_process.h"

namespace sluice::tests {

// A real Redis Sentinel that runs for one test and watches the service `main`.
// Owner:  the test; destruction kills it.
// Thread: start it in one that lives as long as the test (ChildProcess).
class Sentinel {
 public:
  // `master_port`: of the master at the start. A failover needs `quorum` Sentinels to agree.
  Sentinel(int master_port, int quorum);
  ~Sentinel();

  int port() const { return port_; }
  // As of RedisCommand.
  absl::StatusOr<std::string> Command(const std::vector<std::string>& arguments) const;
  ChildProcess& process() { return *process_; }

 private:
  const int port_;
  const std::string file_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace sluice::tests
