#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

class ClientRecords : public DefaultServerTest {
 protected:
  grpc::Status Set(const v1::SetClientMetadataRequest& request) {
    response_.Clear();
    return Call(&Stub::SetClientMetadata, request, &response_);
  }

  grpc::Status Get(const std::string& client_id, v1::Client* client) {
    v1::GetClientRequest request;
    request.set_client_id(client_id);
    v1::GetClientResponse response;
    const grpc::Status status = Call(&Stub::GetClient, request, &response);
    *client = response.client();
    return status;
  }

  const v1::Client& answered() const { return response_.client(); }

 private:
  v1::SetClientMetadataResponse response_;
};

v1::SetClientMetadataRequest SetString(const std::string& client_id, const std::string& key,
                                       const std::string& value) {
  v1::SetClientMetadataRequest request;
  request.set_client_id(client_id);
  (*request.mutable_metadata()->mutable_fields())[key].set_string_value(value);
  return request;
}

std::string StringIn(const v1::Client& client, const std::string& key) {
  const auto found = client.metadata().fields().find(key);
  return found == client.metadata().fields().end() ? "(none)" : found->second.string_value();
}

TEST_F(ClientRecords, AConnectedClientIsDescribed) {
  const auto one = OpenAndWait("client_id=alice&group=b&group=a", {"User-Agent: test/1"});
  const auto two = OpenAndWait("client_id=alice&group=c", {"User-Agent: " + std::string(300, 'u')});
  SendToGroup("a", MakeEvent("x"));
  v1::Client client;
  ASSERT_TRUE(Get("alice", &client).ok());
  EXPECT_EQ(client.client_id(), "alice");
  EXPECT_EQ(client.metadata_version(), 0);
  EXPECT_EQ(std::vector<std::string>(client.groups().begin(), client.groups().end()),
            (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(client.connections_size(), 2);
  const v1::Connection& first = client.connections(0);
  EXPECT_EQ(first.connection_id(), Opened(*one, "connection_id"));
  EXPECT_EQ(first.replica_id(), Opened(*one, "replica_id"));
  EXPECT_EQ(first.remote_address().rfind("127.0.0.1:", 0), 0U) << first.remote_address();
  EXPECT_EQ(first.user_agent(), "test/1");
  EXPECT_EQ(first.groups_size(), 2);
  EXPECT_EQ(first.queued_bytes(), 0);
  EXPECT_EQ(first.delivered(), 1);
  EXPECT_EQ(client.connections(1).user_agent(), std::string(256, 'u'));
  EXPECT_EQ(client.connections(1).connection_id(), Opened(*two, "connection_id"));
  EXPECT_EQ(client.connect_time().seconds(), first.connect_time().seconds());
  EXPECT_GT(client.connect_time().seconds(), 1'600'000'000);
}

TEST_F(ClientRecords, WhoHasNeitherConnectionNorRecordIsNotFound) {
  v1::Client client;
  const grpc::Status status = Get("nobody", &client);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_NE(ErrorReason(status), "");
  EXPECT_EQ(Set(SetString("nobody", "a", "b")).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ClientRecords, MetadataMergesTopLevelKeysAndCountsVersions) {
  OpenAndWait("client_id=alice");
  ASSERT_TRUE(Set(SetString("alice", "plan", "free")).ok());
  EXPECT_EQ(answered().metadata_version(), 1);
  v1::SetClientMetadataRequest request = SetString("alice", "city", "Oslo");
  (*request.mutable_metadata()->mutable_fields())["nothing"].set_null_value(
      google::protobuf::NULL_VALUE);
  ASSERT_TRUE(Set(request).ok());
  EXPECT_EQ(answered().metadata_version(), 2);
  EXPECT_EQ(answered().metadata().fields_size(), 3) << answered().DebugString();
  EXPECT_EQ(StringIn(answered(), "plan"), "free");
  EXPECT_EQ(answered().connections_size(), 1);

  request = SetString("alice", "plan", "pro");
  request.add_remove_keys("city");
  request.add_remove_keys("never there");
  ASSERT_TRUE(Set(request).ok());
  EXPECT_EQ(StringIn(answered(), "plan"), "pro");
  EXPECT_EQ(StringIn(answered(), "city"), "(none)");

  request = SetString("alice", "only", "this");
  request.set_replace_all(true);
  ASSERT_TRUE(Set(request).ok());
  EXPECT_EQ(answered().metadata().fields_size(), 1);
  EXPECT_EQ(answered().metadata_version(), 4);
  v1::Client client;
  ASSERT_TRUE(Get("alice", &client).ok());
  EXPECT_EQ(client.metadata_version(), 4);
  EXPECT_EQ(StringIn(client, "only"), "this");
}

TEST_F(ClientRecords, AnotherVersionThanExpectedIsAborted) {
  OpenAndWait("client_id=alice");
  v1::SetClientMetadataRequest request = SetString("alice", "a", "1");
  request.set_expected_version(0);
  ASSERT_TRUE(Set(request).ok());
  const grpc::Status again = Set(request);
  EXPECT_EQ(again.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_NE(ErrorReason(again), "");
  request = SetString("alice", "a", "2");
  request.set_expected_version(1);
  EXPECT_TRUE(Set(request).ok());
  EXPECT_EQ(Set(request).error_code(), grpc::StatusCode::ABORTED);
  v1::Client client;
  ASSERT_TRUE(Get("alice", &client).ok());
  EXPECT_EQ(StringIn(client, "a"), "2");
}

TEST_F(ClientRecords, ARecordCanPrecedeAndOutliveConnections) {
  v1::SetClientMetadataRequest request = SetString("later", "a", "1");
  request.set_allow_missing(true);
  ASSERT_TRUE(Set(request).ok());
  v1::Client client;
  ASSERT_TRUE(Get("later", &client).ok());
  EXPECT_EQ(client.connections_size(), 0);
  EXPECT_FALSE(client.has_connect_time());
  const auto stream = OpenAndWait("client_id=later");
  ASSERT_TRUE(Get("later", &client).ok());
  EXPECT_EQ(client.connections_size(), 1);
  EXPECT_EQ(StringIn(client, "a"), "1");
  stream->Close();
  EXPECT_TRUE(Eventually([&] {
    return Get("later", &client).ok() && client.connections_size() == 0;
  })) << client.DebugString();
  EXPECT_EQ(StringIn(client, "a"), "1");
}

TEST_F(ClientRecords, TooLargeOrContradictoryMetadataIsRefused) {
  OpenAndWait("client_id=alice");
  grpc::Status status = Set(SetString("alice", "a", std::string(16 * 1024, 'x')));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedFields(status), std::vector<std::string>{"metadata"});
  v1::SetClientMetadataRequest request = SetString("alice", "both", "x");
  request.add_remove_keys("both");
  status = Set(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedFields(status).size(), 1U);
  // What is already there counts too.
  ASSERT_TRUE(Set(SetString("alice", "a", std::string(10'000, 'x'))).ok());
  EXPECT_EQ(Set(SetString("alice", "b", std::string(10'000, 'x'))).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

class ClientLists : public ClientRecords {
 protected:
  v1::ListClientsResponse List(const v1::ListClientsRequest& request) {
    v1::ListClientsResponse response;
    const grpc::Status status = Call(&Stub::ListClients, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

std::string Ids(const v1::ListClientsResponse& response) {
  std::string ids;
  for (const v1::Client& client : response.clients()) ids += client.client_id() + " ";
  return ids;
}

TEST_F(ClientLists, ClientsAreSortedAndEachIsThereOnce) {
  for (const std::string id : {"b", "a", "C", "a", "%C3%A9", "a1"}) {
    OpenAndWait("client_id=" + id + "&group=all");
  }
  const v1::ListClientsResponse response = List({});
  EXPECT_EQ(Ids(response), "C a a1 b \xC3\xA9 ");
  EXPECT_EQ(response.next_page_token(), "");
  EXPECT_EQ(response.total_size(), 5);
  EXPECT_EQ(response.unreachable_size(), 0);
  EXPECT_EQ(response.clients(1).groups_size(), 1);
  EXPECT_EQ(response.clients(1).connections_size(), 0) << "the basic view has connections";
  v1::ListClientsRequest request;
  request.set_view(v1::CLIENT_VIEW_FULL);
  EXPECT_EQ(List(request).clients(1).connections_size(), 2);
}

TEST_F(ClientLists, PagesMeetWithoutGapOrOverlap) {
  std::string expected;
  for (int i = 10; i < 35; ++i) {
    OpenAndWait("client_id=c" + std::to_string(i));
    expected += "c" + std::to_string(i) + " ";
  }
  v1::ListClientsRequest request;
  request.set_page_size(4);
  std::string listed;
  int pages = 0;
  do {
    const v1::ListClientsResponse response = List(request);
    EXPECT_LE(response.clients_size(), 4);
    listed += Ids(response);
    request.set_page_token(response.next_page_token());
    ASSERT_LT(++pages, 100) << "the list does not end";
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, expected);
}

TEST_F(ClientLists, FiltersMustAllHold) {
  OpenAndWait("client_id=a1&group=news");
  OpenAndWait("client_id=a2&group=sport");
  OpenAndWait("client_id=b1&group=news");
  v1::SetClientMetadataRequest set = SetString("a1", "plan", "pro");
  (*set.mutable_metadata()->mutable_fields())["seats"].set_number_value(3);
  (*set.mutable_metadata()->mutable_fields())["trial"].set_bool_value(false);
  ASSERT_TRUE(Set(set).ok());
  ASSERT_TRUE(Set(SetString("b1", "plan", "pro")).ok());

  v1::ListClientsRequest request;
  request.set_client_id_prefix("a");
  EXPECT_EQ(Ids(List(request)), "a1 a2 ");
  request.set_group("news");
  EXPECT_EQ(Ids(List(request)), "a1 ");
  request.clear_client_id_prefix();
  EXPECT_EQ(Ids(List(request)), "a1 b1 ");
  EXPECT_EQ(List(request).total_size(), 2);
  (*request.mutable_metadata_match())["plan"] = "pro";
  EXPECT_EQ(Ids(List(request)), "a1 b1 ");
  (*request.mutable_metadata_match())["seats"] = "3";
  (*request.mutable_metadata_match())["trial"] = "false";
  EXPECT_EQ(Ids(List(request)), "a1 ");
  (*request.mutable_metadata_match())["trial"] = "true";
  EXPECT_EQ(Ids(List(request)), "");
}

TEST_F(ClientLists, ATokenServesItsOwnFilterOnly) {
  for (const char* id : {"a1", "a2", "a3", "b1"}) OpenAndWait(std::string("client_id=") + id);
  v1::ListClientsRequest request;
  request.set_page_size(1);
  request.set_client_id_prefix("a");
  const std::string token = List(request).next_page_token();
  ASSERT_NE(token, "");
  request.set_page_token(token);
  request.set_page_size(2);
  EXPECT_EQ(Ids(List(request)), "a2 a3 ") << "another page size is no other filter";

  v1::ListClientsResponse response;
  request.set_client_id_prefix("b");
  for (const std::string& misused : {token, std::string("nonsense"), token + "x"}) {
    SCOPED_TRACE(misused);
    request.set_page_token(misused);
    const grpc::Status status = Call(&Stub::ListClients, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ViolatedFields(status), std::vector<std::string>{"page_token"});
  }
}

TEST_F(ClientLists, ANegativePageSizeIsRefused) {
  v1::ListClientsRequest request;
  request.set_page_size(-1);
  v1::ListClientsResponse response;
  const grpc::Status status = Call(&Stub::ListClients, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedFields(status), std::vector<std::string>{"page_size"});
}

TEST_F(ClientLists, AClientThatLeftIsNotListed) {
  const auto stream = OpenAndWait("client_id=a");
  OpenAndWait("client_id=b");
  stream->Close();
  EXPECT_TRUE(Eventually([&] { return Ids(List({})) == "b "; })) << Ids(List({}));
}

}  // namespace
}  // namespace sluice::tests
