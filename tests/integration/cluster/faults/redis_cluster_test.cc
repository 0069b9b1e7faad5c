#include "tests/support/redis/redis_cluster.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include "tests/integration/cluster/faults/fault_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// All keys of the default prefix.
constexpr char kKey[] = "{sluice:}1:number";

class RedisClusterFaults : public FaultTest {
 protected:
  void SetUp() override {
    FaultTest::SetUp();
    if (IsSkipped()) return;
    cluster_ = std::make_unique<RedisCluster>();
    Begin({cluster_->Url(), cluster_->Url(), cluster_->Url()});
    master_ = cluster_->MasterOf(kKey);
    ASSERT_NE(master_, nullptr);
  }

  std::unique_ptr<RedisCluster> cluster_;
  RedisServer* master_ = nullptr;
};

TEST_F(RedisClusterFaults, KeepAllKeysInOneSlot) {
  EXPECT_EQ(RedisCluster::Ask(cluster_->OtherThan(*master_), {"DBSIZE"}), "0");
  EXPECT_NE(RedisCluster::Ask(*master_, {"DBSIZE"}), "0");
  traffic().Stop();
  // And clients, records and history work there as anywhere.
  const auto stream = Open(0, "client_id=ada");
  EXPECT_EQ(SendToClient(1, "ada", "x").delivery.connections(), 1);
  v1::JoinGroupsRequest join;
  join.set_client_id("ada");
  join.add_groups("late");
  v1::JoinGroupsResponse joined;
  ASSERT_TRUE(Call(2, &Stub::JoinGroups, join, &joined).ok());
  EXPECT_EQ(SendToGroup(1, "late", "y").delivery.connections(), 1);
  ASSERT_TRUE(ReceivesEvents(*stream, 2));
  const std::string id = *SentEvents(stream->Log())[0].id;
  stream->Close();
  const auto back = Open(2, "client_id=ada&last_event_id=" + id);
  EXPECT_TRUE(back->WaitFor([](const StreamLog& log) {
    return !SentEvents(log).empty() && SentEvents(log)[0].data == "y";
  })) << back->Log().Describe();
}

TEST_F(RedisClusterFaults, TheMasterOfTheSlotIsKilled) {
  const absl::Time killed = absl::Now();
  master_->Kill();
  ASSERT_TRUE(Eventually([this] { return cluster_->MasterOf(kKey) != nullptr; }));
  Finish("Redis Cluster: the slot's master is killed, its replica takes over after 1 s", killed,
         true);
}

TEST_F(RedisClusterFaults, TheSlotMovesToAnotherMaster) {
  const absl::Time begun = absl::Now();
  RedisServer& other = cluster_->OtherThan(*master_);
  cluster_->MoveSlot(kKey, *master_, other);
  EXPECT_EQ(cluster_->MasterOf(kKey), &other);
  Finish("Redis Cluster: the slot moves to another master", begun, true);
}

}  // namespace
}  // namespace sluice::tests
