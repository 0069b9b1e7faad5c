// Streams of a server that lets them in by token.
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/door/door_fixture.h"

namespace sluice::tests {
namespace {

class StreamTokens : public DoorTest {
 protected:
  void SetUp() override {
    DoorTest::SetUp();
    if (IsSkipped()) return;
    StartServer(
        {"--jwt-hs256-file=" + jwt_secret_file_.path(), "--jwt-issuer=id", "--log-level=trace"});
  }

  v1::Client GetClient(const std::string& client_id) {
    v1::GetClientRequest request;
    request.set_client_id(client_id);
    v1::GetClientResponse response;
    const grpc::Status status = CallAs(admin_, &Stub::GetClient, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.client();
  }

  const std::string admin_ = Jwt(R"({"iss":"id","sub":"ops","scopes":["admin"]})");
  const std::string ada_ = Jwt(R"({"iss":"id","sub":"ada","groups":["news"],
                                   "metadata":{"plan":"free","seats":3}})");
};

TEST_F(StreamTokens, BeginsTheClientsMetadataWithThatOfTheToken) {
  const auto stream = OpenAndWait("token=" + ada_);
  const v1::Client client = GetClient("ada");
  EXPECT_EQ(client.metadata().fields().at("plan").string_value(), "free");
  EXPECT_EQ(client.metadata().fields().at("seats").number_value(), 3);
  EXPECT_EQ(client.metadata_version(), 1);
  ASSERT_EQ(client.groups_size(), 1);
  EXPECT_EQ(client.groups(0), "news");
}

TEST_F(StreamTokens, LetsMetadataThatServicesSetLivePastAReconnect) {
  const auto first = OpenAndWait("token=" + ada_);
  v1::SetClientMetadataRequest request;
  request.set_client_id("ada");
  (*request.mutable_metadata()->mutable_fields())["plan"].set_string_value("pro");
  v1::SetClientMetadataResponse response;
  ASSERT_TRUE(CallAs(admin_, &Stub::SetClientMetadata, request, &response).ok());
  const auto second = OpenAndWait("token=" + ada_);
  EXPECT_EQ(GetClient("ada").metadata().fields().at("plan").string_value(), "pro");
  EXPECT_EQ(GetClient("ada").metadata_version(), 2);
}

TEST_F(StreamTokens, TurnsAwayWhoHasNoToken) {
  const HttpAnswer answer = Ask("GET /events?client_id=ada HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.head.status, 401) << answer.raw;
  EXPECT_EQ(answer.head.Field("www-authenticate"), "Bearer realm=\"sluice\"");
}

// Addresses end up in logs of proxies; ours at least hold nothing of them.
TEST_F(StreamTokens, WritesNoTokenIntoTheLog) {
  const std::string bad = Jwt(R"({"iss":"other","sub":"eve"})");
  const auto stream = OpenAndWait("token=" + ada_);
  for (const std::string& token : {bad, std::string("geheim.geheim.geheim")}) {
    Ask("GET /events?token=" + token + " HTTP/1.1\r\nHost: x\r\n\r\n");
    Ask("GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n");
    Ask("GET /events?token=" + token + "&token=b HTTP/1.1\r\nHost: x\r\n\r\n");
    SendAs(token, "news");
  }
  const std::string log = server().Log();
  for (const std::string& token : {ada_, bad, std::string("geheim")}) {
    EXPECT_EQ(log.find(token.substr(token.rfind('.') + 1)), std::string::npos) << log;
  }
}

}  // namespace
}  // namespace sluice::tests
