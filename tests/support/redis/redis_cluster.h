#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/redis/redis_server.h"

namespace sluice::tests {

// A real Redis Cluster that runs for one test: three masters with a third of the slots each, and a
// replica of each.
// Owner:  the test; destruction kills it.
// Thread: start it in one that lives as long as the test (ChildProcess).
class RedisCluster {
 public:
  RedisCluster();

  // Names two of its nodes.
  std::string Url() const;

  // The master of the key's slot, as the nodes have it; null: there is none now.
  RedisServer* MasterOf(const std::string& key);
  // Another master.
  RedisServer& OtherThan(const RedisServer& master);

  // Moves the slot of the key with all that it holds, as redis-cli does.
  void MoveSlot(const std::string& key, RedisServer& from, RedisServer& to);

  // The node's reply; the test fails with an error.
  static std::string Ask(const RedisServer& node, const std::vector<std::string>& command);

 private:
  static constexpr int kMasters = 3;

  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace sluice::tests
