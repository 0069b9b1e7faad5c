#include "edge/http/answer.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(StreamHead, IsWhatProxiesAndBrowsersNeed) {
  EXPECT_EQ(StreamHead("X: y\r\n"),
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: text/event-stream\r\n"
            "Cache-Control: no-cache, no-transform\r\n"
            "X-Accel-Buffering: no\r\n"
            "X: y\r\n"
            "Connection: close\r\n\r\n");
}

TEST(PreflightAnswer, AllowsWhatStreamsUse) {
  EXPECT_EQ(PreflightAnswer("X: y\r\n"),
            "HTTP/1.1 204 No Content\r\n"
            "Allow: GET, HEAD, OPTIONS\r\n"
            "X: y\r\n"
            "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
            "Access-Control-Allow-Headers: Authorization, Cache-Control, Last-Event-ID\r\n"
            "Access-Control-Max-Age: 600\r\n"
            "Connection: close\r\n\r\n");
}

TEST(ErrorAnswer, IsJson) {
  EXPECT_EQ(ErrorAnswer({404, "not_found", "no \"such\" thing"}, "", true),
            "HTTP/1.1 404 Not Found\r\n"
            "Content-Type: application/json\r\n"
            "Cache-Control: no-store\r\n"
            "Content-Length: 60\r\n"
            "Connection: close\r\n\r\n"
            R"({"error":{"code":"not_found","message":"no \"such\" thing"}})");
}

TEST(ErrorAnswer, ToHeadHasTheLengthButNoBody) {
  const std::string answer = ErrorAnswer({400, "c", "m"}, "", false);
  EXPECT_NE(answer.find("Content-Length: 36\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.substr(answer.size() - 4), "\r\n\r\n");
}

TEST(ErrorAnswer, NamesTheMethodsWith405) {
  const std::string answer = ErrorAnswer({405, "c", "m"}, "", true);
  EXPECT_NE(answer.find("\r\nAllow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  EXPECT_EQ(ErrorAnswer({404, "c", "m"}, "", true).find("Allow:"), std::string::npos);
}

TEST(OverloadAnswer, RoundsRetryAfterUpToWholeSeconds) {
  const std::string answer = OverloadAnswer("overloaded", absl::Milliseconds(2001), "X: y\r\n");
  EXPECT_EQ(answer.substr(0, answer.find('\r')), "HTTP/1.1 503 Service Unavailable");
  EXPECT_NE(answer.find("\r\nRetry-After: 3\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nX: y\r\n"), std::string::npos);
}

TEST(CorsPolicy, WithoutOriginsSaysNothingAndRefusesNobody) {
  const CorsPolicy cors({});
  EXPECT_FALSE(cors.Refuses("https://a.example"));
  EXPECT_EQ(cors.HeaderLines("https://a.example"), "");
}

TEST(CorsPolicy, ForAnyOriginGoesWithoutCredentials) {
  const CorsPolicy cors({"*"});
  EXPECT_FALSE(cors.Refuses("https://a.example"));
  EXPECT_EQ(cors.HeaderLines("https://a.example"), "Access-Control-Allow-Origin: *\r\n");
  EXPECT_EQ(cors.HeaderLines(""), "Access-Control-Allow-Origin: *\r\n");
}

TEST(CorsPolicy, ForExactOriginsNamesTheOneThatAsks) {
  const CorsPolicy cors({"https://a.example", "http://b.example:8000"});
  EXPECT_FALSE(cors.Refuses("http://b.example:8000"));
  EXPECT_EQ(cors.HeaderLines("http://b.example:8000"),
            "Access-Control-Allow-Origin: http://b.example:8000\r\n"
            "Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
}

TEST(CorsPolicy, RefusesOtherOriginsAndKeepsTheirAnswersOutOfCaches) {
  const CorsPolicy cors({"https://a.example"});
  for (const char* origin : {"https://b.example", "https://a.example.evil", "http://a.example",
                             "https://a.example:443", "null"}) {
    EXPECT_TRUE(cors.Refuses(origin)) << origin;
    EXPECT_EQ(cors.HeaderLines(origin), "Vary: Origin\r\n");
  }
  EXPECT_FALSE(cors.Refuses(""));
  EXPECT_EQ(cors.HeaderLines(""), "Vary: Origin\r\n");
}

}  // namespace
}  // namespace sluice
