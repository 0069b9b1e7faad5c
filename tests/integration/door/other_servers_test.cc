// A server that asks other servers who may come in: key set by URL, webhook.
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/door/door_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/http/answering_server.h"

namespace sluice::tests {
namespace {

class OtherServers : public DoorTest {
 protected:
  std::string ReadyChecks() {
    return Exchange(server().admin_port(), "GET /readyz HTTP/1.0\r\n\r\n").body;
  }
};

TEST_F(OtherServers, GiveTheKeysOfTokensForBothPorts) {
  const SigningKey key = SigningKey::Ec();
  AnsweringServer keys([&key](const RequestHead&) {
    return AnswerBytes(200, JwkSet(key.PublicJwk(R"("kid":"k")")));
  });
  StartServer({"--jwks-url=" + keys.Url("/keys")});
  const std::string caller = key.Sign("ES256", R"({"sub":"ops","scopes":["publish"]})", "k");
  EXPECT_TRUE(Eventually([&] { return SendAs(caller, "news").ok(); }));
  const auto stream = OpenAndWait("token=" + key.Sign("ES256", R"({"sub":"ada"})", "k"));
  EXPECT_EQ(Opened(*stream, "client_id"), "ada");
  EXPECT_NE(ReadyChecks().find(R"("jwks":{"ok":true)"), std::string::npos) << ReadyChecks();
}

TEST_F(OtherServers, ThatGiveNoKeysLetTheServerStartAndNobodyIn) {
  AnsweringServer keys([](const RequestHead&) { return ""; });
  StartServer({"--jwks-url=" + keys.Url("/keys")});
  const std::string token = SigningKey::Ec().Sign("ES256", R"({"sub":"ada"})");
  const grpc::Status refused = SendAs(token, "news");
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorReason(refused), "KEYS_UNAVAILABLE");
  const auto stream = Open("token=" + token);
  const auto end = stream->WaitForEvent("sluice.end");
  ASSERT_TRUE(end.has_value()) << stream->Log().Describe();
  EXPECT_EQ(end->data, R"({"reason":"unavailable"})");
  EXPECT_NE(ReadyChecks().find(R"("jwks":{"ok":false)"), std::string::npos) << ReadyChecks();
}

TEST_F(OtherServers, DecideAboutStreams) {
  AnsweringServer webhook([](const RequestHead& request) {
    if (request["Cookie"] != "session=ada") return AnswerBytes(403, "log in first");
    return AnswerBytes(200, R"({"client_id":"ada","groups":["news"],"expires_in":3600})");
  });
  StartServer({"--auth-url=" + webhook.Url("/allowed"), "--http=0.0.0.0:0"});
  const auto stream = OpenAndWait("", {"Cookie: session=ada"});
  EXPECT_EQ(Opened(*stream, "client_id"), "ada");
  EXPECT_EQ(SendToGroup("news", MakeEvent("x")).connections(), 1);
  const HttpAnswer refused = Ask("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(refused.head.status, 403);
  EXPECT_NE(refused.body.find("log in first"), std::string::npos) << refused.body;
}

// Streams that wait outside must not hold up the end.
TEST_F(OtherServers, ThatHangDoNotHoldUpTheEnd) {
  AnsweringServer webhook([](const RequestHead&) { return ""; });
  StartServer({"--auth-url=" + webhook.Url("/allowed")});
  const auto stream = Open("");
  ASSERT_TRUE(webhook.WaitForRequests(1));
  server().process().Signal(SIGTERM);
  const auto status = server().process().Wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(*status, ExitStatus{}) << server().Log();
}

}  // namespace
}  // namespace sluice::tests
