#include "tests/support/redis/redis_cluster.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

constexpr int kSlots = 16384;

std::string MyId(const RedisServer& node) {
  return RedisCluster::Ask(node, {"CLUSTER", "MYID"});
}

bool IsMaster(const RedisServer& node) {
  const auto role = node.Command({"ROLE"});
  return role.ok() && absl::StartsWith(*role, "master");
}

}  // namespace

RedisCluster::RedisCluster() {
  std::vector<std::string> bus_ports;
  for (int i = 0; i < 2 * kMasters; ++i) {
    bus_ports.push_back(std::to_string(FreePort()));
    nodes_.push_back(std::make_unique<RedisServer>(std::vector<std::string>{
        "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port",
        bus_ports.back(), "--cluster-replica-validity-factor", "0"}));
  }
  for (int i = 0; i < kMasters; ++i) {
    Ask(*nodes_[i], {"CLUSTER", "ADDSLOTSRANGE", std::to_string(kSlots * i / kMasters),
                     std::to_string(kSlots * (i + 1) / kMasters - 1)});
    Ask(*nodes_[i], {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    Ask(*nodes_[0],
        {"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[i]->port()), bus_ports[i]});
  }
  const auto all_know = [this](const std::string& id) {
    return std::all_of(nodes_.begin(), nodes_.end(), [&id](const auto& node) {
      return absl::StrContains(Ask(*node, {"CLUSTER", "NODES"}), id);
    });
  };
  for (int i = 0; i < kMasters; ++i) {
    const std::string master = MyId(*nodes_[i]);
    EXPECT_TRUE(Eventually([&] { return all_know(master); }));
    EXPECT_TRUE(Eventually([&] {
      return nodes_[i + kMasters]->Command({"CLUSTER", "REPLICATE", master}).ok();
    }));
  }
  for (const auto& node : nodes_) {
    EXPECT_TRUE(Eventually([&node] {
      return absl::StrContains(Ask(*node, {"CLUSTER", "INFO"}), "cluster_state:ok");
    }));
  }
  for (int i = 0; i < kMasters; ++i) {
    EXPECT_TRUE(Eventually([&] {
      return absl::StrContains(Ask(*nodes_[i + kMasters], {"INFO", "replication"}),
                               "master_link_status:up");
    }));
  }
}

std::string RedisCluster::Url() const {
  return absl::StrCat("redis+cluster://127.0.0.1:", nodes_[0]->port(),
                      ",127.0.0.1:", nodes_[4]->port());
}

RedisServer* RedisCluster::MasterOf(const std::string& key) {
  for (const auto& node : nodes_) {
    // Others answer MOVED.
    if (IsMaster(*node) && node->Command({"EXISTS", key}).ok()) return node.get();
  }
  return nullptr;
}

RedisServer& RedisCluster::OtherThan(const RedisServer& master) {
  for (const auto& node : nodes_) {
    if (node.get() != &master && IsMaster(*node)) return *node;
  }
  ADD_FAILURE() << "no other master";
  return *nodes_[0];
}

void RedisCluster::MoveSlot(const std::string& key, RedisServer& from, RedisServer& to) {
  const std::string slot = Ask(from, {"CLUSTER", "KEYSLOT", key});
  Ask(to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", MyId(from)});
  Ask(from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", MyId(to)});
  while (true) {
    const std::string keys = Ask(from, {"CLUSTER", "GETKEYSINSLOT", slot, "100"});
    if (keys.empty()) break;
    for (const std::string& moved : std::vector<std::string>(absl::StrSplit(keys, '\n'))) {
      Ask(from, {"MIGRATE", "127.0.0.1", std::to_string(to.port()), moved, "0", "5000"});
    }
  }
  for (RedisServer* node : {&to, &from}) {
    Ask(*node, {"CLUSTER", "SETSLOT", slot, "NODE", MyId(to)});
  }
}

std::string RedisCluster::Ask(const RedisServer& node, const std::vector<std::string>& command) {
  const auto reply = node.Command(command);
  EXPECT_TRUE(reply.ok()) << command[0] << ": " << reply.status();
  return reply.value_or("");
}

}  // namespace sluice::tests
