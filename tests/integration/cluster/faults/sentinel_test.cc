#include "tests/support/redis/sentinel.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/integration/cluster/faults/fault_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// A master with one replica, watched by three Sentinels.
class SentinelFaults : public FaultTest {
 protected:
  void SetUp() override {
    FaultTest::SetUp();
    if (IsSkipped()) return;
    for (int i = 0; i < 2; ++i) servers_.push_back(std::make_unique<RedisServer>());
    FollowMaster(*servers_[1], *servers_[0]);
    for (int i = 0; i < 3; ++i) {
      sentinels_.push_back(std::make_unique<Sentinel>(servers_[0]->port(), 2));
    }
    for (const auto& sentinel : sentinels_) {
      ASSERT_TRUE(Eventually([&sentinel] {
        const auto known = sentinel->Command({"SENTINEL", "MASTER", "main"});
        return known.ok() && absl::StrContains(*known, "num-slaves\n1") &&
               absl::StrContains(*known, "num-other-sentinels\n2");
      }));
    }
  }

  static void FollowMaster(const RedisServer& server, const RedisServer& master) {
    ASSERT_TRUE(server.Command({"REPLICAOF", "127.0.0.1", std::to_string(master.port())}).ok());
    ASSERT_TRUE(Eventually([&server] {
      const auto info = server.Command({"INFO", "replication"});
      return info.ok() && absl::StrContains(*info, "master_link_status:up");
    }));
  }

  std::string Url() const {
    std::string url = "redis+sentinel://";
    for (std::size_t i = 0; i < sentinels_.size(); ++i) {
      absl::StrAppend(&url, i == 0 ? "" : ",", "127.0.0.1:", sentinels_[i]->port());
    }
    return url + "/main";
  }

  static bool IsMaster(const RedisServer& server) {
    const auto role = server.Command({"ROLE"});
    return role.ok() && absl::StartsWith(*role, "master");
  }

  std::vector<std::unique_ptr<RedisServer>> servers_;
  std::vector<std::unique_ptr<Sentinel>> sentinels_;
};

TEST_F(SentinelFaults, TheMasterIsKilled) {
  Begin({Url(), Url(), Url()});
  const absl::Time killed = absl::Now();
  servers_[0]->Kill();
  ASSERT_TRUE(Eventually([this] { return IsMaster(*servers_[1]); }));
  Finish("Sentinel: the master is killed, its replica takes over after 1 s", killed, true);
}

TEST_F(SentinelFaults, TheMasterChangesInOrder) {
  Begin({Url(), Url(), Url()});
  const absl::Time asked = absl::Now();
  ASSERT_TRUE(sentinels_[0]->Command({"SENTINEL", "FAILOVER", "main"}).ok());
  ASSERT_TRUE(Eventually([this] {
    const auto counts = servers_[1]->Command({"PUBSUB", "NUMSUB", "sluice:1:all"});
    return counts.ok() && *counts == "sluice:1:all\n3";
  })) << "all replicas follow";
  Finish("Sentinel: a failover is asked for", asked, true);
}

// A caller that is told UNAVAILABLE repeats its call.
TEST_F(SentinelFaults, ARecordSurvivesTheMaster) {
  for (int i = 0; i < 3; ++i) StartReplica({}, Url());
  const auto ada = Open(0, "client_id=ada");
  v1::SetClientMetadataRequest set;
  set.set_client_id("ada");
  (*set.mutable_metadata()->mutable_fields())["plan"].set_string_value("pro");
  v1::SetClientMetadataResponse changed;
  ASSERT_TRUE(Call(1, &Stub::SetClientMetadata, set, &changed).ok());
  v1::JoinGroupsRequest join;
  join.set_client_id("ada");
  join.add_groups("staff");
  v1::JoinGroupsResponse joined;
  ASSERT_TRUE(Call(1, &Stub::JoinGroups, join, &joined).ok());
  ASSERT_TRUE(Eventually([this] {
    const auto kept = servers_[1]->Command({"HGETALL", "sluice:1:record:ada"});
    return kept.ok() && absl::StrContains(*kept, "staff");
  })) << "the other server has it";
  const std::int64_t version = joined.client().metadata_version();
  servers_[0]->Kill();
  const auto as_is_due = [this, version](std::size_t by) {
    v1::GetClientRequest get;
    get.set_client_id("ada");
    v1::GetClientResponse got;
    if (!Call(by, &Stub::GetClient, get, &got).ok()) return false;
    const auto plan = got.client().metadata().fields().find("plan");
    return plan != got.client().metadata().fields().end() && plan->second.string_value() == "pro" &&
           got.client().metadata_version() == version && got.client().groups_size() == 1 &&
           got.client().groups(0) == "staff";
  };
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(Eventually([&] { return as_is_due(i); })) << i;
  const auto later = Open(2, "client_id=ada");
  EXPECT_TRUE(Eventually([&] { return SendToGroup(1, "staff", "x").delivery.connections() == 2; }))
      << "who was there and who came later";
  set.set_expected_version(version);
  (*set.mutable_metadata()->mutable_fields())["plan"].set_string_value("free");
  EXPECT_TRUE(Call(2, &Stub::SetClientMetadata, set, &changed).ok()) << "versions go on";
}

TEST_F(SentinelFaults, AMasterThatComesBackIsNotTakenForTheMaster) {
  servers_[0]->Kill();
  ASSERT_TRUE(Eventually([this] { return IsMaster(*servers_[1]); }));
  for (const auto& sentinel : sentinels_) {
    ASSERT_TRUE(Eventually([&] {
      const auto master = sentinel->Command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"});
      return master.ok() && *master == absl::StrCat("127.0.0.1\n", servers_[1]->port());
    }));
  }
  // One Sentinel hangs, and the old master believes for a moment that it is one.
  sentinels_[2]->process().Signal(SIGSTOP);
  servers_[0]->Start();
  StartReplica({}, Url());
  const auto stream = Open(0, "client_id=ada");
  const auto counts = servers_[1]->Command({"PUBSUB", "NUMSUB", "sluice:1:client:ada"});
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(*counts, "sluice:1:client:ada\n1");
  EXPECT_EQ(SendToClient(0, "ada", "x").delivery.connections(), 1);
}

TEST_F(SentinelFaults, AServiceThatNoSentinelKnowsIsTold) {
  StartReplica({}, absl::StrCat("redis+sentinel://127.0.0.1:", sentinels_[0]->port(), "/other"));
  EXPECT_NE(replica(0).Log().find("no Sentinel knows the service `other`"), std::string::npos)
      << replica(0).Log();
}

}  // namespace
}  // namespace sluice::tests
