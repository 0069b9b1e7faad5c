#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/integration/cluster/faults/fault_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// Replicas get in as a Redis user of their own, so that a test can take rights from them and keep
// its own.
class ClusterFaults : public FaultTest {
 protected:
  void SetUp() override {
    FaultTest::SetUp();
    if (IsSkipped()) return;
    for (const char* user : {"sluice", "third"}) AllowAll(user);
    Begin({UrlOf("sluice"), UrlOf("sluice"), UrlOf("third")});
  }

  std::string UrlOf(const std::string& user) {
    return absl::StrCat("redis://", user, ":secret@127.0.0.1:", redis().port());
  }
  void AllowAll(const std::string& user) {
    Redis({"ACL", "SETUSER", user, "reset", "on", ">secret", "~*", "&*", "+@all"});
  }
};

TEST_F(ClusterFaults, RedisIsKilledAndComesBackEmpty) {
  redis().Kill();
  WaitForResult("UNAVAILABLE NOT_SENT");
  redis().Start();
  const absl::Time back = absl::Now();
  for (const char* user : {"sluice", "third"}) AllowAll(user);
  Finish("Redis is killed, and starts again without data", back);
}

TEST_F(ClusterFaults, RedisIsStopped) {
  redis().Pause();
  WaitForResult("UNAVAILABLE NOT_SENT");
  redis().Resume();
  Finish("Redis hangs (SIGSTOP) until it is given up", absl::Now());
  EXPECT_GT(traffic().count("DEADLINE_EXCEEDED OUTCOME_UNKNOWN") +
                traffic().count("UNAVAILABLE OUTCOME_UNKNOWN"),
            0U);
}

TEST_F(ClusterFaults, RedisSleepsForAMoment) {
  Redis({"DEBUG", "SLEEP", "2"});
  Finish("Redis does nothing for 2 s (DEBUG SLEEP)", absl::Now());
}

TEST_F(ClusterFaults, SubscriptionsAreKilled) {
  const absl::Time killed = absl::Now();
  Redis({"CLIENT", "KILL", "TYPE", "pubsub"});
  Finish("CLIENT KILL TYPE pubsub", killed);
}

TEST_F(ClusterFaults, ASubscriberIsOverTheOutputBufferLimit) {
  Redis({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 1048576 0 0"});
  const absl::Time stopped = absl::Now();
  replica(2).process().Signal(SIGSTOP);
  const std::string subscriptions = "name=sluice-subscriptions:r3";
  v1::BroadcastRequest large;
  large.mutable_event()->set_data(std::string(60'000, 'x'));
  large.mutable_options()->set_confirmation(v1::CONFIRMATION_PUBLISHED);
  EXPECT_TRUE(Eventually([&] {
    v1::BroadcastResponse ignored;
    EXPECT_TRUE(Call(0, &Stub::Broadcast, large, &ignored).ok());
    return Redis({"CLIENT", "LIST", "TYPE", "pubsub"}).find(subscriptions) == std::string::npos;
  }));
  const absl::Time resumed = absl::Now();
  replica(2).process().Signal(SIGCONT);
  // On a slow machine it takes long to fill the buffer.
  const bool may_be_forgotten = resumed - stopped > absl::Seconds(4);
  Finish("a replica's subscription is over client-output-buffer-limit", resumed, may_be_forgotten);
  EXPECT_NE(GapsTold().find("2 of 6"), std::string::npos) << GapsTold();
}

// What Redis answers while it refuses to write, and when it does no more.
class RefusingRedis : public ClusterFaults {
 protected:
  void Refuse(const std::string& fault, const std::function<void()>& begin,
              const std::function<void()>& end) {
    begin();
    WaitForResult("UNAVAILABLE NOT_SENT");
    EXPECT_EQ(traffic().count("UNAVAILABLE OUTCOME_UNKNOWN"), 0U) << "a refusal is no doubt";
    end();
    Finish(fault, absl::Now());
  }
};

TEST_F(RefusingRedis, ForWantOfMemory) {
  Refuse(
      "Redis answers OOM",
      [this] {
        Redis({"CONFIG", "SET", "maxmemory", "1"});
      },
      [this] {
        Redis({"CONFIG", "SET", "maxmemory", "0"});
      });
}

TEST_F(RefusingRedis, AsAReadOnlyReplica) {
  Refuse(
      "Redis answers READONLY",
      [this] {
        Redis({"REPLICAOF", "127.0.0.1", "1"});
      },
      [this] {
        Redis({"REPLICAOF", "NO", "ONE"});
      });
}

TEST_F(RefusingRedis, ForWantOfTheRightToPublish) {
  Refuse(
      "Redis answers NOPERM to publishes alone",
      [this] {
        for (const char* user : {"sluice", "third"}) Redis({"ACL", "SETUSER", user, "-publish"});
      },
      [this] {
        for (const char* user : {"sluice", "third"}) Redis({"ACL", "SETUSER", user, "+publish"});
      });
}

TEST_F(ClusterFaults, ThePasswordIsAnotherForAWhile) {
  Redis({"ACL", "SETUSER", "sluice", "resetpass", ">other"});
  Redis({"CLIENT", "KILL", "USER", "sluice"});
  WaitForResult("UNAVAILABLE NOT_SENT");
  Redis({"ACL", "SETUSER", "sluice", "resetpass", ">secret"});
  Finish("Redis answers WRONGPASS to two of three replicas", absl::Now(),
         /*may_be_forgotten=*/true);
  EXPECT_EQ(replica(0).Log().find("secret"), std::string::npos) << "a password in the log";
}

TEST_F(ClusterFaults, RedisLoadsItsData) {
  Redis({"DEBUG", "POPULATE", "3000"});
  Redis({"CONFIG", "SET", "appendonly", "no"});
  Redis({"SAVE"});
  redis().Kill();
  WaitForResult("UNAVAILABLE NOT_SENT");
  redis().Start({"--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"});
  const absl::Time back = absl::Now();
  // Answered with an error until it has loaded.
  EXPECT_FALSE(redis().Command({"GET", "key:1"}).ok());
  EXPECT_TRUE(Eventually([this] { return redis().Command({"GET", "key:1"}).ok(); }));
  for (const char* user : {"sluice", "third"}) AllowAll(user);
  Finish("Redis is killed, and answers LOADING for a while", back, /*may_be_forgotten=*/true);
}

TEST_F(ClusterFaults, AReplicaIsStoppedAndGoesOn) {
  replica(2).process().Signal(SIGSTOP);
  ASSERT_TRUE(
      Eventually([this] { return Broadcast(0, "x").delivery.unconfirmed_replicas() == 1; }));
  v1::ListClientsResponse list;
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(Call(0, &Stub::ListClients, {}, &list).ok());
    return list.unreachable_size() == 1;
  }));
  EXPECT_EQ(list.unreachable(0), "r3");
  // Once it has been silent for 3 s nobody waits 2 s for it any more.
  EXPECT_TRUE(Eventually([this] {
    const absl::Time begin = absl::Now();
    const Outcome outcome = Broadcast(0, "x");
    return outcome.delivery.unconfirmed_replicas() == 1 && absl::Now() - begin < absl::Seconds(1);
  }));
  replica(2).process().Signal(SIGCONT);
  Finish("a replica hangs (SIGSTOP) for some seconds", absl::Now());
}

TEST_F(ClusterFaults, AReplicaIsKilled) {
  const absl::Time killed = absl::Now();
  replica(2).process().Signal(SIGKILL);
  for (int i = 0; i < 2; ++i) {  // Its streams are gone with it.
    ended().push_back(streams().back());
    streams().pop_back();
    ASSERT_TRUE(ended().back()->WaitForEnd());
  }
  Finish("a replica is killed", killed);
  v1::ListClientsResponse list;
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(Call(0, &Stub::ListClients, {}, &list).ok());
    return list.unreachable_size() == 0;
  })) << "it is forgotten when it has reported nothing for 5 s";
  EXPECT_EQ(list.clients_size(), 4);
}

TEST_F(ClusterFaults, AReplicaHearsNothingAndHoldsStreams) {
  Redis({"ACL", "SETUSER", "third", "-subscribe"});
  Redis({"CLIENT", "KILL", "USER", "third", "TYPE", "pubsub"});
  EXPECT_TRUE(Eventually([this] {
    const Outcome outcome = Broadcast(0, "x");
    return outcome.delivery.unconfirmed_replicas() == 1 && outcome.delivery.connections() == 4;
  })) << "the deaf replica must show";
  EXPECT_EQ(SendToClient(0, "c2", "y").delivery.unconfirmed_replicas(), 1)
      << "nobody knows whether it holds the client";
  v1::ListClientsResponse list;
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(Call(0, &Stub::ListClients, {}, &list).ok());
    return list.unreachable_size() == 1;
  }));
  AllowAll("third");
  Finish("a replica's subscription is refused while it holds streams", absl::Now());
}

using ClusterStart = ClusterTest;

TEST_F(ClusterStart, WithoutRedisServesStreamsAsSoonAsRedisIsThere) {
  redis().Kill();
  StartReplica();
  EXPECT_NE(replica(0).Log().find("starting without Redis"), std::string::npos);
  const HttpAnswer not_ready = Exchange(
      replica(0).admin_port(), "GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(not_ready.head.status, 503) << not_ready.body;
  EXPECT_EQ(Broadcast(0, "x").status.error_code(), grpc::UNAVAILABLE);
  EventStreamClient client;
  const auto early = client.Open(replica(0).http_port(), GetEvents("/events?client_id=early"));
  ASSERT_TRUE(early->WaitFor([](const StreamLog& log) {
    return log.reconnection_time_ms.has_value();
  })) << "it is accepted and told when to come back";
  EXPECT_EQ(early->Log().event_count, 0);
  const absl::Time back = absl::Now();
  redis().Start();
  ASSERT_TRUE(early->WaitForEvent("sluice.open").has_value());
  const absl::Duration until_well = UntilWell(0, {early}) + (absl::Now() - back);
  ReportFault("Redis is absent when a replica starts", "UNAVAILABLE NOT_SENT until it is there",
              "`retry:` at once, `sluice.open` when Redis is there", until_well);
}

}  // namespace
}  // namespace sluice::tests
