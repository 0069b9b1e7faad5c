#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/http/http_exchange.h"

namespace sluice::tests {
namespace {

class Disconnecting : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (!IsSkipped()) StartReplicas(3);
  }

  v1::DisconnectClientResponse Disconnect(std::size_t by,
                                          const v1::DisconnectClientRequest& request) {
    v1::DisconnectClientResponse response;
    const grpc::Status status = Call(by, &Stub::DisconnectClient, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.unconfirmed_replicas(), 0);
    return response;
  }

  static v1::DisconnectClientRequest Request(const std::string& client_id) {
    v1::DisconnectClientRequest request;
    request.set_client_id(client_id);
    request.set_reason("signed \"out\"");
    return request;
  }
};

TEST_F(Disconnecting, EndsEveryConnectionBehindWhatWaitedForIt) {
  const auto one = Open(0, "client_id=ada");
  const auto two = Open(2, "client_id=ada");
  const auto other = Open(1, "client_id=bob");
  SendToClient(1, "ada", "last words");
  EXPECT_EQ(Disconnect(1, Request("ada")).connections(), 2);
  for (const auto& stream : {one, two}) {
    ASSERT_TRUE(stream->WaitForEnd());
    const StreamLog log = stream->Log();
    EXPECT_EQ(log.events.back().event, "sluice.end");
    EXPECT_EQ(log.events.back().data, R"({"reason":"disconnected","message":"signed \"out\""})");
    EXPECT_EQ(log.events[log.events.size() - 2].data, "last words");
  }
  EXPECT_EQ(Disconnect(1, Request("ada")).connections(), 0);
  EXPECT_EQ(StatusOfConnect(0, "ada"), 200) << "it may come back";
  EXPECT_EQ(Broadcast(0, "x").delivery.unconfirmed_replicas(), 0);
  ASSERT_TRUE(ReceivesEvents(*other, 1));
}

TEST_F(Disconnecting, EndsOneConnectionAndTellsItWhenToComeBack) {
  const auto one = Open(0, "client_id=ada");
  const auto two = Open(0, "client_id=ada");
  auto request = Request("ada");
  request.set_connection_id(Opened(*one, "connection_id"));
  request.mutable_reconnect_after()->set_seconds(7);
  EXPECT_EQ(Disconnect(2, request).connections(), 1);
  ASSERT_TRUE(one->WaitForEnd());
  EXPECT_EQ(one->Log().reconnection_time_ms, 7000);
  EXPECT_EQ(SendToClient(1, "ada", "x").delivery.connections(), 1);
  request.set_client_id("bob");
  EXPECT_EQ(Disconnect(2, request).connections(), 0) << "it is none of his";
}

TEST_F(Disconnecting, BlocksAClientOnEveryReplicaAndOnThoseThatStartLater) {
  const auto ada = Open(0, "client_id=ada");
  auto request = Request("ada");
  request.mutable_block_for()->set_seconds(3);
  EXPECT_EQ(Disconnect(1, request).connections(), 1);
  ASSERT_TRUE(ada->WaitForEnd());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(StatusOfConnect(i, "ada"), 204) << i;
  EXPECT_EQ(StatusOfConnect(1, "adam"), 200);
  StartReplica();
  EXPECT_EQ(StatusOfConnect(3, "ada"), 204);
  EXPECT_TRUE(Eventually([this] { return StatusOfConnect(3, "ada") == 200; }));
  EXPECT_TRUE(Eventually([this] { return StatusOfConnect(0, "ada") == 200; }));
}

TEST_F(Disconnecting, LearnsOfBlocksThatWereMissedInABreak) {
  const auto ada = Open(2, "client_id=ada");
  ada->Close();
  Redis({"CLIENT", "KILL", "TYPE", "pubsub"});
  auto request = Request("ada");
  request.mutable_block_for()->set_seconds(60);
  v1::DisconnectClientResponse response;
  ASSERT_TRUE(Call(1, &Stub::DisconnectClient, request, &response).ok());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(Eventually([&] { return StatusOfConnect(i, "ada") == 204; })) << i;
  }
}

TEST_F(Disconnecting, NamesEveryFieldThatIsWrong) {
  auto request = Request("a b");
  request.set_connection_id("x");
  request.set_reason(std::string(257, 'x'));
  request.mutable_reconnect_after()->set_seconds(7200);
  request.mutable_block_for()->set_seconds(-1);
  v1::DisconnectClientResponse response;
  const grpc::Status status = Call(0, &Stub::DisconnectClient, request, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  for (const char* field :
       {"client_id", "connection_id", "reason", "reconnect_after", "block_for"}) {
    EXPECT_NE(status.error_message().find(absl::StrCat("`", field, "`")), std::string::npos)
        << field;
  }
}

}  // namespace
}  // namespace sluice::tests
