#include "edge/door/webhook_door.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/door/fetch/fetch_thread.h"
#include "edge/door/webhook_answer.h"
#include "tests/support/http/answering_server.h"
#include "tests/support/http/http_exchange.h"
#include "tests/support/request_head.h"
#include "tests/support/stream/edge_bench.h"

namespace sluice {
namespace {

using tests::AnswerBytes;
using tests::AnsweringServer;
using tests::EdgeBench;
using tests::Exchange;
using tests::HttpAnswer;
using Strings = std::vector<std::string>;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

absl::StatusOr<DoorAnswer> Read(unsigned status, const std::string& body) {
  return ReadWebhookAnswer({.status = status, .body = body}, kNow);
}

TEST(WebhookAnswer, LetsTheStreamInAsItSays) {
  const auto answer = Read(200, R"({"client_id":"ada","groups":["b","a","b"],
                                    "metadata":{"plan":"pro"},"expires_in":60.5})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto& admission = std::get<Admission>(*answer);
  EXPECT_EQ(admission.client_id, "ada");
  EXPECT_EQ(admission.groups, (Strings{"a", "b"}));
  EXPECT_EQ(admission.metadata, R"({"plan":"pro"})");
  EXPECT_EQ(admission.expires, kNow + absl::Seconds(60.5));
}

TEST(WebhookAnswer, MayLeaveEverythingOut) {
  const auto answer = Read(204, "{}");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(std::get<Admission>(*answer).client_id, "");
  EXPECT_EQ(std::get<Admission>(*answer).expires, absl::InfiniteFuture());
}

TEST(WebhookAnswer, IsPassedOnWhenItRefuses) {
  const auto answer = ReadWebhookAnswer(
      {.status = 402, .body = " pay first\n", .www_authenticate = "Bearer"}, kNow);
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto& denial = std::get<Denial>(*answer);
  EXPECT_EQ(denial.error.status, 402U);
  EXPECT_EQ(denial.error.message, "pay first");
  EXPECT_EQ(denial.challenge, "Bearer");
  EXPECT_EQ(std::get<Denial>(*Read(403, "")).error.message, "the stream was refused");
  EXPECT_EQ(std::get<Denial>(*Read(403, std::string(5000, 'x'))).error.message.size(), 1024U);
}

TEST(WebhookAnswer, OfAnyOtherKindIsNone) {
  for (const unsigned status : {100U, 302U, 304U, 500U, 503U}) {
    EXPECT_FALSE(Read(status, "{}").ok()) << status;
  }
  for (const char* body :
       {"", "ok", "[]", "7", "{", R"({"client_id":7})", R"({"client_id":""})",
        R"({"client_id":"a b"})", R"({"groups":"a"})", R"({"groups":[""]})", R"({"groups":[1]})",
        R"({"metadata":[]})", R"({"expires_in":"60"})", R"({"expires_in":0})",
        R"({"expires_in":-1})", R"({"expires_in":1e300})"}) {
    EXPECT_FALSE(Read(200, body).ok()) << body;
  }
  std::string many = R"({"groups":["g")";
  for (int i = 0; i < 64; ++i) many += ",\"g" + std::to_string(i) + "\"";
  EXPECT_FALSE(Read(200, many + "]}").ok());
  EXPECT_FALSE(Read(200, R"({"metadata":{"k":")" + std::string(17'000, 'x') + "\"}}").ok());
}

TEST(WebhookHeaders, AreTheBrowsersButThoseOfItsConnection) {
  const RequestHead head = tests::HeadOf(
      "/events?token=t", {"Host: a.example", "Cookie: s=1", "Authorization: Bearer t",
                          "Connection: close", "Accept-Encoding: gzip", "X-Forwarded-For: 10.0.0.1",
                          "X-Real-IP: 10.0.0.1", "Forwarded: for=10.0.0.1",
                          "X-Original-URI: /forged", "X-Forwarded-Method: DELETE", "X-Own: 1"});
  const StreamRequest request;
  const boost::asio::ip::tcp::endpoint remote(boost::asio::ip::make_address("192.0.2.7"), 5000);
  std::vector<HttpClient::Header> headers = ForwardedHeaders({head, request, remote, true});
  const std::vector<HttpClient::Header> expected = {{"Cookie", "s=1"},
                                                    {"Authorization", "Bearer t"},
                                                    {"X-Own", "1"},
                                                    {"X-Original-URI", "/events?token=t"},
                                                    {"X-Forwarded-For", "192.0.2.7"},
                                                    {"X-Forwarded-Method", "GET"}};
  EXPECT_EQ(headers, expected);
}

class WebhookDoorTest : public testing::Test {
 protected:
  ~WebhookDoorTest() override { thread_.Stop(); }

  HttpAnswer Ask(const std::string& lines = "") {
    return Exchange(bench_.port(), "GET /events HTTP/1.1\r\nHost: a.example\r\n" + lines + "\r\n");
  }

  AnsweringServer webhook_{[](const RequestHead& request) {
    if (request["Cookie"] == "session=ada") {
      return AnswerBytes(200, R"({"client_id":"ada","groups":["news"]})");
    }
    return AnswerBytes(401, "log in first", "WWW-Authenticate: Cookie\r\n");
  }};
  SystemClock clock_;
  FetchThread thread_;
  WebhookDoor door_{thread_.io_context(), *ParseHttpUrl(webhook_.Url("/allowed")), clock_};
  EdgeBench bench_{EdgeBench::Options(), {.door = &door_}};
};

TEST_F(WebhookDoorTest, OpensAStreamAsTheWebhookSays) {
  const auto stream = bench_.Open("?client_id=eve&group=admin", {"Cookie: session=ada"});
  const OpenedConnection opened = bench_.GoLive();
  EXPECT_EQ(opened.client_id, "ada");
  EXPECT_EQ(opened.groups, Strings{"news"});
  EXPECT_EQ(webhook_.Requests().front()["X-Original-URI"], "/events?client_id=eve&group=admin");
  EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value());
}

TEST_F(WebhookDoorTest, PassesARefusalOn) {
  const HttpAnswer answer = Ask();
  EXPECT_EQ(answer.head.status, 401) << answer.raw;
  EXPECT_NE(answer.body.find("log in first"), std::string::npos) << answer.body;
  EXPECT_EQ(answer.head.Field("www-authenticate"), "Cookie");
}

TEST_F(WebhookDoorTest, LetsNobodyInWithoutAnAnswerAndEndsNoEventSourceForGood) {
  for (const std::string& bytes :
       {AnswerBytes(500, "{}"), AnswerBytes(200, "no JSON"),
        AnswerBytes(200, std::string(100'000, ' ') + "{}"), std::string("garbage\r\n\r\n")}) {
    webhook_.SetAnswer([bytes](const RequestHead&) { return bytes; });
    const HttpAnswer answer = Ask("Cookie: session=ada\r\n");
    EXPECT_EQ(answer.head.status, 200) << answer.raw;
    EXPECT_NE(answer.body.find("retry: "), std::string::npos);
    EXPECT_NE(answer.body.find(R"({"reason":"unavailable"})"), std::string::npos) << answer.body;
  }
  EXPECT_TRUE(bench_.observer().Copy().opened.empty());
}

TEST_F(WebhookDoorTest, AsksNobodyForThePageOfAnotherOrigin) {
  EXPECT_EQ(Ask("Cookie: session=ada\r\nOrigin: https://evil.example\r\n").head.status, 403);
  EXPECT_TRUE(webhook_.Requests().empty());
}

TEST_F(WebhookDoorTest, KeepsItsConnectionToTheWebhook) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Ask().head.status, 401);
  EXPECT_EQ(webhook_.ConnectionCount(), 1);
}

}  // namespace
}  // namespace sluice
