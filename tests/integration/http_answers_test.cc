#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

using Fields = std::map<std::string, std::string>;

class HttpAnswers : public DefaultServerTest {
 protected:
  // GET or another method with the usual headers and `lines` ("Name: value\r\n").
  HttpAnswer Request(const std::string& start, const std::string& lines = "") {
    return Ask(start + " HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n");
  }
};

// Every error is JSON with a code and a message.
void ExpectJsonError(const HttpAnswer& answer, int status) {
  EXPECT_EQ(answer.head.status, status) << answer.raw;
  EXPECT_EQ(answer.head.Field("content-type").rfind("application/json", 0), 0U) << answer.raw;
  const std::string error = JsonField(answer.body, "error");
  EXPECT_NE(JsonField(error, "code"), "") << answer.raw;
  EXPECT_NE(JsonField(error, "message"), "") << answer.raw;
  EXPECT_TRUE(answer.closed);
}

TEST_F(HttpAnswers, AStreamOpensWithTheDocumentedHeadAndNoOtherField) {
  const auto stream = OpenAndWait("client_id=alice");
  const HttpHead head = stream->Log().head;
  EXPECT_EQ(head.version, "HTTP/1.1");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.reason, "OK");
  EXPECT_EQ(head.fields, (Fields{{"content-type", "text/event-stream"},
                                 {"cache-control", "no-cache, no-transform"},
                                 {"x-accel-buffering", "no"},
                                 {"connection", "close"}}));
}

TEST_F(HttpAnswers, Http10Works) {
  StreamRequest request;
  request.head = "GET /events?client_id=old HTTP/1.0\r\n\r\n";
  const auto stream = streams().Open(server().http_port(), request);
  EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value()) << stream->Log().Describe();
  EXPECT_EQ(stream->Log().head.Field("transfer-encoding"), "");
  EXPECT_EQ(SendToClient("old", MakeEvent("x")).connections(), 1);
  EXPECT_TRUE(ReceivesEvents(*stream, 1));
}

TEST_F(HttpAnswers, BadParametersAre400) {
  const std::string long_name(257, 'a');
  std::string many_groups = "client_id=a";
  for (int i = 0; i < 65; ++i) many_groups += "&group=g" + std::to_string(i);
  for (const std::string& query :
       {std::string("client_id=a%20b"), std::string("client_id=a%0Ab"),
        std::string("client_id=%FF"), "client_id=" + long_name, "client_id=a&group=" + long_name,
        std::string("client_id=a&group=b%00"), std::string("client_id=a%zz"), many_groups}) {
    SCOPED_TRACE(query.substr(0, 40));
    ExpectJsonError(Request("GET /events?" + query), 400);
  }
}

TEST_F(HttpAnswers, SixtyFourGroupsAreAllowed) {
  std::string query = "client_id=a";
  for (int i = 0; i < 64; ++i) query += "&group=g" + std::to_string(i);
  OpenAndWait(query);
  EXPECT_EQ(SendToGroup("g63", MakeEvent("x")).connections(), 1);
}

TEST_F(HttpAnswers, UnknownPathsAre404) {
  for (const std::string path : {"/", "/event", "/events/", "/healthz", "/events/more"}) {
    SCOPED_TRACE(path);
    ExpectJsonError(Request("GET " + path), 404);
  }
}

TEST_F(HttpAnswers, OtherMethodsAre405WithAllow) {
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH"}) {
    SCOPED_TRACE(method);
    const HttpAnswer answer = Request(method + " /events", "Content-Length: 0\r\n");
    ExpectJsonError(answer, 405);
    const std::string allow = answer.head.Field("allow");
    for (const char* allowed : {"GET", "HEAD", "OPTIONS"}) {
      EXPECT_NE(allow.find(allowed), std::string::npos) << allow;
    }
  }
}

TEST_F(HttpAnswers, WhoDoesNotAcceptEventStreamsGets406) {
  for (const std::string accept :
       {"application/json", "text/html, image/*", "text/event-stream;q=0"}) {
    SCOPED_TRACE(accept);
    ExpectJsonError(Request("GET /events?client_id=a", "Accept: " + accept + "\r\n"), 406);
  }
}

TEST_F(HttpAnswers, AnyAcceptThatCoversEventStreamsIsFine) {
  for (const std::string lines : {"", "Accept: */*\r\n", "Accept: text/*\r\n",
                                  "Accept: text/html, text/event-stream;q=0.5\r\n",
                                  "Accept: text/html\r\nAccept: Text/Event-Stream\r\n"}) {
    SCOPED_TRACE(lines);
    const HttpAnswer answer = ExchangeHead(
        server().http_port(), "GET /events?client_id=a HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
    EXPECT_EQ(answer.head.status, 200) << answer.raw;
  }
}

TEST_F(HttpAnswers, HeadGivesTheHeadOfGetAndEnds) {
  const HttpAnswer answer = Request("HEAD /events?client_id=alice");
  EXPECT_EQ(answer.head.status, 200) << answer.raw;
  EXPECT_EQ(answer.head.Field("content-type"), "text/event-stream");
  EXPECT_EQ(answer.head.Field("cache-control"), "no-cache, no-transform");
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(Request("HEAD /nothing").head.status, 404);
  EXPECT_EQ(Request("HEAD /nothing").body, "");
}

TEST_F(HttpAnswers, WithoutCorsOriginsNoAnswerNamesOne) {
  const auto stream = OpenAndWait("client_id=a", {"Origin: https://page.example"});
  EXPECT_EQ(stream->Log().head.Field("access-control-allow-origin"), "");
  const HttpAnswer preflight = Request("OPTIONS /events", "Origin: https://page.example\r\n");
  EXPECT_EQ(preflight.head.status, 204) << preflight.raw;
  EXPECT_EQ(preflight.head.Field("access-control-allow-origin"), "");
}

TEST_F(HttpAnswers, AnExactOriginIsAllowedWithCredentialsAndOthersAreRefused) {
  StartServer({"--cors-origin=https://page.example"});
  const auto stream = OpenAndWait("client_id=a", {"Origin: https://page.example"});
  const HttpHead head = stream->Log().head;
  EXPECT_EQ(head.Field("access-control-allow-origin"), "https://page.example");
  EXPECT_EQ(head.Field("access-control-allow-credentials"), "true");
  EXPECT_EQ(head.Field("vary"), "Origin");

  const HttpAnswer preflight =
      Request("OPTIONS /events",
              "Origin: https://page.example\r\nAccess-Control-Request-Method: GET\r\n"
              "Access-Control-Request-Headers: last-event-id\r\n");
  EXPECT_EQ(preflight.head.status, 204) << preflight.raw;
  EXPECT_EQ(preflight.head.Field("access-control-allow-origin"), "https://page.example");
  EXPECT_NE(preflight.head.Field("access-control-allow-methods").find("GET"), std::string::npos);
  EXPECT_NE(preflight.head.Field("access-control-allow-headers").find("Last-Event-ID"),
            std::string::npos);
  EXPECT_EQ(preflight.body, "");

  ExpectJsonError(Request("GET /events?client_id=a", "Origin: https://other.example\r\n"), 403);
}

TEST_F(HttpAnswers, AStarAllowsEveryOriginWithoutCredentials) {
  StartServer({"--cors-origin=*"});
  const auto stream = OpenAndWait("client_id=a", {"Origin: https://page.example"});
  EXPECT_EQ(stream->Log().head.Field("access-control-allow-origin"), "*");
  EXPECT_EQ(stream->Log().head.Field("access-control-allow-credentials"), "");
}

TEST_F(HttpAnswers, OverTheLimitABrowserIsToldToComeBack) {
  StartServer({"--max-connections=1", "--retry=2s"});
  OpenAndWait("client_id=first");
  const auto second = Open("client_id=second");
  ASSERT_TRUE(second->WaitForEnd()) << second->Log().Describe();
  const StreamLog log = second->Log();
  EXPECT_EQ(log.head.status, 200);
  ASSERT_TRUE(log.reconnection_time_ms.has_value()) << log.raw;
  EXPECT_GE(*log.reconnection_time_ms, 1000);
  EXPECT_LE(*log.reconnection_time_ms, 3000);
  ASSERT_EQ(log.events.size(), 1U) << log.Describe();
  EXPECT_EQ(log.events[0].event, "sluice.end");
  EXPECT_EQ(JsonField(log.events[0].data, "reason"), "overloaded");
  EXPECT_FALSE(log.events[0].id.has_value());
}

TEST_F(HttpAnswers, OverTheLimitWith503ItSaysWhenToRetry) {
  StartServer({"--max-connections=1", "--overload-response=503"});
  OpenAndWait("client_id=first");
  const HttpAnswer answer = Request("GET /events?client_id=second");
  ExpectJsonError(answer, 503);
  EXPECT_GT(std::atoi(answer.head.Field("retry-after").c_str()), 0) << answer.raw;
}

}  // namespace
}  // namespace sluice::tests
