#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

using Names = std::vector<std::string>;

template <typename Message>
Names GroupsOf(const Message& message) {
  return {message.groups().begin(), message.groups().end()};
}

class AssignedGroups : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (!IsSkipped()) StartReplicas(3);
  }

  template <typename Request>
  static Request Change(const std::string& client_id, const Names& groups,
                        const std::string& connection_id = "") {
    Request request;
    request.set_client_id(client_id);
    request.mutable_groups()->Add(groups.begin(), groups.end());
    request.set_connection_id(connection_id);
    return request;
  }

  v1::JoinGroupsResponse Join(std::size_t by, const std::string& client_id, const Names& groups,
                              const std::string& connection_id = "") {
    v1::JoinGroupsResponse response;
    const grpc::Status status =
        Call(by, &Stub::JoinGroups, Change<v1::JoinGroupsRequest>(client_id, groups, connection_id),
             &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.unconfirmed_replicas(), 0);
    return response;
  }

  v1::LeaveGroupsResponse Leave(std::size_t by, const std::string& client_id, const Names& groups,
                                const std::string& connection_id = "") {
    v1::LeaveGroupsResponse response;
    const grpc::Status status =
        Call(by, &Stub::LeaveGroups,
             Change<v1::LeaveGroupsRequest>(client_id, groups, connection_id), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  std::int64_t Sent(std::size_t by, const std::string& group, const std::string& data) {
    const Outcome outcome = SendToGroup(by, group, data);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
    EXPECT_EQ(outcome.delivery.unconfirmed_replicas(), 0);
    return outcome.delivery.connections();
  }
};

TEST_F(AssignedGroups, AreReachedByASendThatFollowsAtOnceThroughAnotherReplica) {
  const auto ada = Open(0, "client_id=ada");
  for (int i = 0; i < 1000; ++i) {
    // New groups, whose channels nobody is subscribed to, and old ones by turns.
    const std::string group = absl::StrCat("g", i % 2 == 0 ? i : 1);
    Join(1, "ada", {group});
    ASSERT_EQ(Sent(2, group, std::to_string(i)), 1) << "round " << i;
    Leave(2, "ada", {group});
    ASSERT_EQ(Sent(1, group, "nobody is there"), 0) << "round " << i;
  }
  ASSERT_TRUE(ReceivesEvents(*ada, 1000));
  const auto events = SentEvents(ada->Log());
  for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].data, std::to_string(i));
  EXPECT_EQ(ada->Log().Find("sluice.gap"), nullptr);
}

TEST_F(AssignedGroups, AreThoseOfEveryConnectionNowAndLater) {
  const auto one = Open(0, "client_id=ada&group=own");
  const auto two = Open(2, "client_id=ada");
  const v1::Client joined = Join(1, "ada", {"news"}).client();
  EXPECT_EQ(GroupsOf(joined), (Names{"news", "own"}));
  ASSERT_EQ(joined.connections_size(), 2);
  EXPECT_EQ(GroupsOf(joined.connections(0)), (Names{"news", "own"}));
  EXPECT_EQ(GroupsOf(joined.connections(1)), Names{"news"});
  const auto three = Open(1, "client_id=ada");
  EXPECT_EQ(Sent(0, "news", "x"), 3);
  for (const auto& stream : {one, two, three}) ASSERT_TRUE(ReceivesEvents(*stream, 1));

  const v1::Client left = Leave(1, "ada", {"news", "own"}).client();
  EXPECT_EQ(GroupsOf(left), Names{});
  EXPECT_EQ(Sent(0, "news", "y") + Sent(0, "own", "y"), 0);
  const auto asks_again = Open(0, "client_id=ada&group=own");
  EXPECT_EQ(Sent(1, "own", "z"), 1) << "a later connection that asks is in it";
}

TEST_F(AssignedGroups, OutliveTheConnectionsAndReplicas) {
  Open(0, "client_id=ada")->Close();
  v1::JoinGroupsRequest request = Change<v1::JoinGroupsRequest>("ada", {"news"});
  v1::JoinGroupsResponse response;
  ASSERT_TRUE(Eventually([&] {
    return Call(1, &Stub::JoinGroups, request, &response).error_code() == grpc::NOT_FOUND;
  }));
  request.set_allow_missing(true);
  ASSERT_TRUE(Call(1, &Stub::JoinGroups, request, &response).ok());
  EXPECT_EQ(GroupsOf(response.client()), Names{"news"});
  replica(1).process().Signal(SIGKILL);
  ASSERT_TRUE(replica(1).process().Wait().has_value());
  StartReplica();
  const auto ada = Open(3, "client_id=ada");
  EXPECT_EQ(SendToGroup(0, "news", "x").delivery.connections(), 1);
  ASSERT_TRUE(ReceivesEvents(*ada, 1));
}

TEST_F(AssignedGroups, OfOneConnectionAreOfItAlone) {
  const auto one = Open(0, "client_id=ada");
  const auto two = Open(1, "client_id=ada");
  const v1::Client joined = Join(2, "ada", {"mine"}, Opened(*one, "connection_id")).client();
  EXPECT_EQ(GroupsOf(joined.connections(0)), Names{"mine"});
  EXPECT_EQ(GroupsOf(joined.connections(1)), Names{});
  EXPECT_EQ(Sent(1, "mine", "x"), 1);
  ASSERT_TRUE(ReceivesEvents(*one, 1));

  Join(2, "ada", {"both"});
  Leave(2, "ada", {"both"}, Opened(*two, "connection_id"));
  EXPECT_EQ(Sent(1, "both", "y"), 1);
  ASSERT_TRUE(ReceivesEvents(*one, 2));
  Join(2, "ada", {"both"});
  EXPECT_EQ(Sent(1, "both", "z"), 2) << "who joins again is in it again";

  const auto three = Open(2, "client_id=ada");
  EXPECT_EQ(Sent(1, "mine", "x"), 1) << "a later connection is not";
  v1::JoinGroupsResponse response;
  const grpc::Status gone =
      Call(0, &Stub::JoinGroups, Change<v1::JoinGroupsRequest>("ada", {"g"}, "aaaaaaaaaaaaa"),
           &response);
  EXPECT_EQ(gone.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(ErrorReason(gone), "CONNECTION_NOT_FOUND");
}

TEST_F(AssignedGroups, GiveAReconnectedStreamWhatCameSinceItJoinedAndNothingBefore) {
  const auto ada = Open(0, "client_id=ada");
  const std::string position = *ada->Log().Find("sluice.open")->id;
  Sent(1, "news", "before");
  ada->Close();
  v1::JoinGroupsRequest request = Change<v1::JoinGroupsRequest>("ada", {"news"});
  request.set_allow_missing(true);
  v1::JoinGroupsResponse response;
  ASSERT_TRUE(Call(1, &Stub::JoinGroups, request, &response).ok());
  Sent(2, "news", "after");
  const auto back = Open(2, absl::StrCat("client_id=ada&last_event_id=", position));
  Sent(2, "news", "live");
  ASSERT_TRUE(ReceivesEvents(*back, 2));
  const auto events = SentEvents(back->Log());
  EXPECT_EQ(events[0].data, "after");
  EXPECT_EQ(events[1].data, "live");
}

// A stream whose group's channel has to be subscribed first is held meanwhile and spliced: nothing
// of its other channels may be lost, doubled or reordered by it.
TEST_F(AssignedGroups, AreJoinedUnderTrafficWithoutLossOrDisorder) {
  const auto ada = Open(0, "client_id=ada&group=busy");
  constexpr int kEvents = 600;
  std::thread traffic([this] {
    for (int i = 0; i < kEvents; ++i) SendToGroup(1, "busy", std::to_string(i));
  });
  int rounds = 0;
  for (; rounds < 60; ++rounds) Join(2, "ada", {absl::StrCat("g", rounds)});
  traffic.join();
  ASSERT_TRUE(ReceivesEvents(*ada, kEvents));
  const auto events = SentEvents(ada->Log());
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kEvents));
  for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].data, std::to_string(i));
  EXPECT_EQ(ada->Log().Find("sluice.gap"), nullptr);
}

TEST_F(AssignedGroups, FollowTheRecordAfterABreakOfTheSubscriptions) {
  const auto ada = Open(0, "client_id=ada");
  Join(1, "ada", {"old"});
  for (int round = 0; round < 5; ++round) {
    const std::string group = absl::StrCat("new", round);
    std::thread cut([this] { Redis({"CLIENT", "KILL", "TYPE", "pubsub"}); });
    // A replica that subscribes again may be unable to answer: the call says so, and is repeated.
    EXPECT_TRUE(Eventually([&] {
      v1::JoinGroupsResponse response;
      const grpc::Status status =
          Call(1, &Stub::JoinGroups, Change<v1::JoinGroupsRequest>("ada", {group}), &response);
      EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE)
          << status.error_message();
      return status.ok();
    }));
    cut.join();
    EXPECT_TRUE(Eventually([&] { return SendToGroup(2, group, "x").delivery.connections() == 1; }))
        << "round " << round;
    EXPECT_EQ(SendToGroup(2, "old", "y").delivery.connections(), 1);
  }
}

TEST_F(AssignedGroups, AreLostByNoneOfTwoWritersAtOnce) {
  const auto ada = Open(0, "client_id=ada");
  std::vector<std::thread> writers;
  for (std::size_t by = 0; by < 3; ++by) {
    writers.emplace_back([this, by] {
      for (int i = 0; i < 20; ++i) {
        Join(by, "ada", {absl::StrCat("g", by, "-", i)});
        v1::SetClientMetadataRequest set;
        set.set_client_id("ada");
        (*set.mutable_metadata()->mutable_fields())[absl::StrCat("k", by, "-", i)].set_bool_value(
            true);
        v1::SetClientMetadataResponse changed;
        EXPECT_TRUE(Call(by, &Stub::SetClientMetadata, set, &changed).ok());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  v1::GetClientRequest get;
  get.set_client_id("ada");
  v1::GetClientResponse got;
  ASSERT_TRUE(Call(1, &Stub::GetClient, get, &got).ok());
  EXPECT_EQ(got.client().groups_size(), 60);
  EXPECT_EQ(got.client().metadata().fields_size(), 60);
  EXPECT_EQ(got.client().metadata_version(), 60);
  EXPECT_EQ(GroupsOf(got.client().connections(0)).size(), 60U);
}

TEST_F(AssignedGroups, AreListedOnPagesAndCounted) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (std::size_t i = 0; i < 30; ++i) {
    streams.push_back(
        Open(i % 3, absl::StrCat("client_id=c", i, "&group=all&group=room:", 10 + i)));
  }
  streams.push_back(Open(0, "client_id=c0&group=all"));
  v1::ListGroupsRequest request;
  request.set_page_size(7);
  std::vector<v1::Group> groups;
  do {
    v1::ListGroupsResponse page;
    ASSERT_TRUE(Call(1, &Stub::ListGroups, request, &page).ok());
    EXPECT_LE(page.groups_size(), 7);
    EXPECT_TRUE(page.unreachable().empty());
    groups.insert(groups.end(), page.groups().begin(), page.groups().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(groups.size(), 31U);
  EXPECT_EQ(groups[0].group(), "all");
  EXPECT_EQ(groups[0].clients(), 30);
  EXPECT_EQ(groups[0].connections(), 31);
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(groups[i + 1].group(), absl::StrCat("room:", 10 + i));
  }
  request.set_prefix("room:1");
  request.set_page_size(0);
  v1::ListGroupsResponse page;
  ASSERT_TRUE(Call(2, &Stub::ListGroups, request, &page).ok());
  EXPECT_EQ(page.groups_size(), 10);
}

TEST_F(AssignedGroups, StayWithOpenConnectionsWhenTheRecordIsDeleted) {
  const auto ada = Open(0, "client_id=ada");
  Join(1, "ada", {"news"});
  v1::DeleteClientRequest request;
  request.set_client_id("ada");
  v1::DeleteClientResponse response;
  ASSERT_TRUE(Call(2, &Stub::DeleteClient, request, &response).ok());
  EXPECT_EQ(Sent(1, "news", "x"), 1);
  v1::SetClientMetadataRequest set;
  set.set_client_id("ada");
  v1::SetClientMetadataResponse changed;
  ASSERT_TRUE(Call(1, &Stub::SetClientMetadata, set, &changed).ok());
  EXPECT_EQ(changed.client().metadata_version(), 1);
  EXPECT_EQ(GroupsOf(changed.client()), Names{"news"}) << "another change takes nothing away";
  const auto later = Open(0, "client_id=ada");
  EXPECT_EQ(Sent(1, "news", "y"), 1) << "later connections are not assigned any more";
  request.set_client_id("nobody");
  EXPECT_EQ(Call(2, &Stub::DeleteClient, request, &response).error_code(), grpc::NOT_FOUND);
}

}  // namespace
}  // namespace sluice::tests
