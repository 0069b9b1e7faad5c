#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

using Output = ChildProcess::Output;

class Logs : public ServerTest {
 protected:
  std::optional<std::string> Line(const std::string& part) {
    return server().process().WaitForLine(Output::kError, part);
  }

  // The value of ` name=value` in a line of text.
  static std::string Field(const std::string& line, const std::string& name) {
    const std::size_t at = line.find(" " + name + "=");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 2;
    return line.substr(begin, line.find(' ', begin) - begin);
  }
};

TEST_F(Logs, FollowAnEventByTheTraceAndRequestOfItsCall) {
  StartServer({"--log-level=debug"});
  const auto ada = OpenAndWait("client_id=ada");
  grpc::ClientContext context;
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  v1::SendToClientRequest request;
  request.set_client_id("ada");
  request.set_request_id("order-7");
  *request.mutable_event() = MakeEvent("what is sent is told nobody");
  v1::SendToClientResponse response;
  ASSERT_TRUE(control().SendToClient(&context, request, &response).ok());
  for (const char* message : {"event published", "event delivered"}) {
    const auto line = Line(message);
    ASSERT_TRUE(line.has_value()) << message;
    EXPECT_EQ(Field(*line, "event_id"), response.delivery().event_id());
    EXPECT_EQ(Field(*line, "channel"), "client:ada");
    EXPECT_EQ(Field(*line, "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(Field(*line, "request_id"), "order-7");
  }
  EXPECT_EQ(server().Log().find("what is sent"), std::string::npos);
}

TEST_F(Logs, TellOfAStreamWhenItOpensAndWhyItEnds) {
  StartServer({"--log-level=debug"});
  const auto ada = OpenAndWait("client_id=ada");
  const std::string id = Opened(*ada, "connection_id");
  const auto opened = Line("stream opened");
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(Field(*opened, "connection_id"), id);
  EXPECT_EQ(Field(*opened, "client_id"), "ada");
  ada->Close();
  const auto ended = Line("stream ended");
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(Field(*ended, "connection_id"), id);
  EXPECT_EQ(Field(*ended, "reason"), "client_gone");
}

class CapturedHeaders : public ServerTest {};

TEST_F(CapturedHeaders, AreShownToCallersAndNoOthers) {
  StartServer({"--capture-header=X-Tenant", "--capture-header=Accept-Language"});
  const auto ada = OpenAndWait("client_id=ada", {"X-Tenant: one", "x-tenant: two", "X-Secret: s",
                                                 "Accept-Language: " + std::string(300, 'x')});
  v1::GetClientRequest request;
  request.set_client_id("ada");
  v1::GetClientResponse response;
  ASSERT_TRUE(Call(&Stub::GetClient, request, &response).ok());
  const auto& headers = response.client().connections(0).headers();
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers.at("x-tenant"), "one, two");
  EXPECT_EQ(headers.at("accept-language"), std::string(256, 'x'));
}

TEST_F(CapturedHeaders, AreNeverCredentials) {
  for (const char* flag : {"--capture-header=Cookie", "--capture-header=authorization",
                           "--capture-header=two words"}) {
    const Finished finished = RunToEnd({ServerProgram(), {flag}, {}, "", ""});
    EXPECT_EQ(finished.status.code, 2) << flag;
    EXPECT_NE(finished.standard_error.find("--capture-header"), std::string::npos)
        << finished.standard_error;
  }
}

}  // namespace
}  // namespace sluice::tests
