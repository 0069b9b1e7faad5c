#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

class ThreeReplicas : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (!IsSkipped()) StartReplicas(3);
  }
};

TEST_F(ThreeReplicas, CountConnectionsOfClientGroupAndAllExactly) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (std::size_t replica = 0; replica < 3; ++replica) {
    streams.push_back(Open(replica, "client_id=everywhere&group=g"));
    streams.push_back(Open(replica, absl::StrCat("client_id=only", replica)));
  }
  streams.push_back(Open(1, "client_id=only0&group=g"));
  for (std::size_t by = 0; by < 3; ++by) {
    EXPECT_EQ(SendToClient(by, "everywhere", "1").delivery.connections(), 3);
    EXPECT_EQ(SendToClient(by, "everywhere", "1").delivery.replicas(), 3);
    EXPECT_EQ(SendToClient(by, "only0", "2").delivery.connections(), 2);
    EXPECT_EQ(SendToClient(by, "only0", "2").delivery.replicas(), 2);
    EXPECT_EQ(SendToClient(by, "nobody", "2").delivery.connections(), 0);
    EXPECT_EQ(SendToGroup(by, "g", "3").delivery.connections(), 4);
    EXPECT_EQ(Broadcast(by, "4").delivery.connections(), 7);
    EXPECT_EQ(Broadcast(by, "4").delivery.unconfirmed_replicas(), 0);
  }
}

TEST_F(ThreeReplicas, ShowEveryStreamTheSameOrder) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (std::size_t replica = 0; replica < 3; ++replica) streams.push_back(Open(replica, "group=g"));
  std::vector<std::thread> callers;
  for (std::size_t by = 0; by < 3; ++by) {
    callers.emplace_back([this, by] {
      for (int i = 0; i < 50; ++i) SendToGroup(by, "g", absl::StrCat(by, " ", i));
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const auto& stream : streams) ASSERT_TRUE(ReceivesEvents(*stream, 150));
  const auto first = SentEvents(streams[0]->Log());
  for (const auto& stream : streams) {
    const auto events = SentEvents(stream->Log());
    for (std::size_t i = 0; i < first.size(); ++i) ASSERT_EQ(events[i].id, first[i].id);
  }
}

TEST_F(ThreeReplicas, ListEachClientOnceOnSortedPagesThatCostThePage) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (int i = 0; i < 60; ++i) {
    const std::size_t replica = static_cast<std::size_t>(i) % 3;
    streams.push_back(Open(replica, absl::StrCat("client_id=c", 100 + i)));
    if (i % 5 == 0) {
      streams.push_back(Open((replica + 1) % 3, absl::StrCat("client_id=c", 100 + i)));
    }
  }
  std::vector<std::string> ids;
  v1::ListClientsRequest request;
  request.set_page_size(7);
  request.set_view(v1::CLIENT_VIEW_FULL);
  do {
    v1::ListClientsResponse response;
    ASSERT_TRUE(Call(1, &Stub::ListClients, request, &response).ok());
    EXPECT_LE(response.clients_size(), 7);
    EXPECT_TRUE(response.unreachable().empty());
    for (const v1::Client& client : response.clients()) {
      ids.push_back(client.client_id());
      const int number = std::stoi(client.client_id().substr(1)) - 100;
      EXPECT_EQ(client.connections_size(), number % 5 == 0 ? 2 : 1);
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(ids.size(), 60U);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], absl::StrCat("c", 100 + i));
}

TEST_F(ThreeReplicas, KnowEachOther) {
  const auto stream = Open(2, "client_id=ada");
  v1::ListReplicasResponse response;
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(Call(0, &Stub::ListReplicas, {}, &response).ok());
    return response.replicas_size() == 3 && response.replicas(2).connections() == 1;
  }));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(response.replicas(i).replica_id(), absl::StrCat("r", i + 1));
    EXPECT_TRUE(response.replicas(i).ready());
    EXPECT_FALSE(response.replicas(i).version().empty());
  }
  replica(1).process().Signal(SIGTERM);
  ASSERT_TRUE(replica(1).process().Wait().has_value());
  EXPECT_TRUE(Call(0, &Stub::ListReplicas, {}, &response).ok());
  EXPECT_EQ(response.replicas_size(), 2) << "it has said goodbye";
  EXPECT_EQ(Broadcast(0, "x").delivery.unconfirmed_replicas(), 0);
}

TEST_F(ThreeReplicas, SeeMetadataAsSoonAsItIsSet) {
  const auto ada = Open(2, "client_id=ada");
  for (int i = 0; i < 50; ++i) {
    v1::SetClientMetadataRequest set;
    set.set_client_id("ada");
    (*set.mutable_metadata()->mutable_fields())["round"].set_number_value(i);
    v1::SetClientMetadataResponse changed;
    const grpc::Status status = Call(0, &Stub::SetClientMetadata, set, &changed);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(changed.client().connections_size(), 1);
    v1::ListClientsRequest list;
    (*list.mutable_metadata_match())["round"] = std::to_string(i);
    v1::ListClientsResponse listed;
    ASSERT_TRUE(Call(1, &Stub::ListClients, list, &listed).ok());
    ASSERT_EQ(listed.clients_size(), 1) << i;
  }
  v1::SetClientMetadataRequest absent;
  absent.set_client_id("nobody");
  v1::SetClientMetadataResponse ignored;
  EXPECT_EQ(Call(0, &Stub::SetClientMetadata, absent, &ignored).error_code(), grpc::NOT_FOUND);
}

TEST_F(ThreeReplicas, AnswerARepeatedRequestWithTheFirstAnswer) {
  const auto stream = Open(0, "client_id=ada");
  const Outcome first = Broadcast(0, "x", "request-1");
  const Outcome again = Broadcast(2, "x", "request-1");
  ASSERT_TRUE(again.status.ok()) << again.status.error_message();
  EXPECT_TRUE(again.delivery.replayed());
  EXPECT_FALSE(first.delivery.replayed());
  EXPECT_EQ(again.delivery.event_id(), first.delivery.event_id());
  EXPECT_EQ(again.delivery.connections(), 1);
  const Outcome other = Broadcast(1, "y", "request-1");
  EXPECT_EQ(other.status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorReason(other.status), "REQUEST_ID_REUSED");
  Broadcast(0, "end");
  ASSERT_TRUE(ReceivesEvents(*stream, 2));
  EXPECT_EQ(SentEvents(stream->Log())[1].data, "end");
}

TEST_F(ThreeReplicas, LetARepeatedRequestWaitForTheAnswerOfTheFirst) {
  const auto here = Open(0, "client_id=ada");
  const auto silent = Open(2, "client_id=ada");
  replica(2).process().Signal(SIGSTOP);
  Outcome first;
  std::thread sends_first([&] { first = Broadcast(0, "x", "request-1"); });
  EXPECT_TRUE(ReceivesEvents(*here, 1)) << "it has been sent, and waits for the silent replica";
  const Outcome again = Broadcast(1, "x", "request-1");
  sends_first.join();
  replica(2).process().Signal(SIGCONT);
  ASSERT_TRUE(first.status.ok()) << first.status.error_message();
  EXPECT_EQ(first.delivery.unconfirmed_replicas(), 1);
  ASSERT_TRUE(again.status.ok()) << again.status.error_message();
  EXPECT_TRUE(again.delivery.replayed());
  EXPECT_EQ(again.delivery.event_id(), first.delivery.event_id());
  EXPECT_EQ(again.delivery.connections(), 1);
  EXPECT_EQ(again.delivery.unconfirmed_replicas(), 1);
  Broadcast(0, "end");
  ASSERT_TRUE(ReceivesEvents(*silent, 2));
  EXPECT_EQ(SentEvents(silent->Log())[1].data, "end") << "x came once";
}

TEST_F(ThreeReplicas, HearOnlyOfChannelsThatTheyHaveConnectionsFor) {
  const auto ada = Open(0, "client_id=ada&group=g");
  EXPECT_EQ(SubscriberCount("client:ada"), 1);
  EXPECT_EQ(SubscriberCount("group:g"), 1);
  EXPECT_EQ(SubscriberCount("all"), 1);
  EXPECT_EQ(SendToGroup(2, "g", "x").delivery.replicas(), 1);
  ada->Close();
  EXPECT_TRUE(Eventually([this] { return SubscriberCount("group:g") == 0; }));
}

TEST_F(ThreeReplicas, AreSubscribedRightlyAfterThousandsOfJoinsAndLeaves) {
  const auto churn = [this](std::size_t replica, int rounds) {
    for (int i = 0; i < rounds; ++i) Open(replica, "client_id=churn&group=g")->Close();
  };
  std::vector<std::thread> many;
  for (std::size_t i = 0; i < 4; ++i) many.emplace_back(churn, i % 2, 250);
  for (std::thread& one : many) one.join();
  EXPECT_TRUE(Eventually([this] { return SubscriberCount("group:g") == 0; }));
  const auto stays = Open(1, "client_id=churn&group=g");
  EXPECT_EQ(SubscriberCount("group:g"), 1);
  EXPECT_EQ(SendToGroup(2, "g", "x").delivery.connections(), 1);
  ASSERT_TRUE(ReceivesEvents(*stays, 1));
}

TEST_F(ThreeReplicas, CountNoStrangerWhoListensToEverything) {
  const auto stream = Open(0, "client_id=ada");
  ProcessOptions options;
  options.program = "redis-cli";
  options.arguments = {"-p", std::to_string(redis().port()), "PSUBSCRIBE", "*"};
  const ChildProcess stranger(std::move(options));
  ASSERT_TRUE(Eventually([this] { return Redis({"PUBSUB", "NUMPAT"}) == "1"; }));
  const Outcome outcome = Broadcast(1, "x");
  EXPECT_EQ(outcome.delivery.connections(), 1);
  EXPECT_EQ(outcome.delivery.replicas(), 1);
  EXPECT_EQ(outcome.delivery.unconfirmed_replicas(), 0);
}

TEST_F(ThreeReplicas, RefuseAFourthWithAnIdThatIsTaken) {
  ServerProcess fourth({"--replica-id=r2", "--redis-url=" + redis().Url()});
  EXPECT_FALSE(fourth.IsListening());
  const auto status = fourth.process().Wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(*status, (ExitStatus{1, 0}));
  EXPECT_NE(fourth.Log().find("another replica runs under the id `r2`"), std::string::npos)
      << fourth.Log();
  EXPECT_EQ(Broadcast(1, "x").delivery.unconfirmed_replicas(), 0);
}

}  // namespace
}  // namespace sluice::tests
