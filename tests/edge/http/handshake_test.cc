#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/http/http_exchange.h"
#include "tests/support/stream/edge_bench.h"

namespace sluice {
namespace {

using tests::EdgeBench;
using tests::Exchange;
using tests::ExchangeHead;
using tests::HttpAnswer;

class HandshakeTest : public testing::Test {
 protected:
  static EdgeOptions Options() {
    EdgeOptions options = EdgeBench::Options();
    options.cors_origins = {"https://a.example"};
    return options;
  }

  // An answer that is no stream.
  HttpAnswer Answer(const std::string& bytes) { return Exchange(bench_.port(), bytes); }

  // Checks that the bytes are answered by this error.
  void ExpectError(const std::string& bytes, int status, const char* code) {
    const HttpAnswer answer = Answer(bytes);
    ASSERT_EQ(answer.head.status, status) << answer.raw;
    EXPECT_TRUE(answer.closed);
    EXPECT_EQ(answer.head.Field("content-length"), std::to_string(answer.body.size()));
    EXPECT_EQ(boost::json::parse(answer.body).at("error").at("code").as_string(), code);
  }

  EdgeBench bench_{Options()};
};

TEST_F(HandshakeTest, AnswersErrorsWithTheirCodes) {
  ExpectError("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found");
  ExpectError("POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", 405,
              "method_not_allowed");
  ExpectError("GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n", 406,
              "not_acceptable");
  ExpectError("GET /events?client_id=%20 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_parameter");
  ExpectError("GET /events HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n\r\n", 403,
              "origin_refused");
  ExpectError("nonsense\r\n\r\n", 400, "bad_request");
  ExpectError("\x16\x03\x01\x02garbage of a TLS client\r\n\r\n", 400, "bad_request");
}

TEST_F(HandshakeTest, RefusesHeadsOver16KiB) {
  const std::string begin = "GET /events HTTP/1.1\r\nHost: x\r\n";
  ExpectError(begin + "X: " + std::string(17'000, 'x') + "\r\n\r\n", 431, "head_too_large");
  ExpectError(begin + std::string(40'000, 'x'), 431, "head_too_large");
  ExpectError("GET /events?x=" + std::string(20'000, 'x'), 431, "head_too_large");
}

TEST_F(HandshakeTest, TakesHeadsUnder16KiB) {
  const HttpAnswer answer = ExchangeHead(bench_.port(), "GET /events HTTP/1.1\r\nHost: x\r\nX: " +
                                                            std::string(15'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(answer.head.status, 200) << answer.raw;
}

TEST_F(HandshakeTest, AnswersHeadWithTheHeadOfGetAndNoStream) {
  const HttpAnswer answer = Answer("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.head.status, 200);
  EXPECT_EQ(answer.head.Field("content-type"), "text/event-stream");
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(bench_.observer().Copy().opened.empty());
}

TEST_F(HandshakeTest, AnswersPreflights) {
  const HttpAnswer answer = Answer(
      "OPTIONS /events HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n"
      "Access-Control-Request-Headers: last-event-id\r\n\r\n");
  EXPECT_EQ(answer.head.status, 204);
  EXPECT_EQ(answer.head.Field("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(answer.head.Field("access-control-allow-credentials"), "true");
  EXPECT_EQ(answer.body, "");
}

TEST_F(HandshakeTest, LetsPagesOfOtherOriginsReadErrors) {
  const HttpAnswer answer =
      Answer("GET /events?group= HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n\r\n");
  EXPECT_EQ(answer.head.status, 400);
  EXPECT_EQ(answer.head.Field("access-control-allow-origin"), "https://a.example");
}

TEST_F(HandshakeTest, ServesHttp10) {
  const HttpAnswer answer = ExchangeHead(bench_.port(), "GET /events HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.head.status, 200);
}

TEST_F(HandshakeTest, ReadsAHeadThatComesByteByByte) {
  tests::HttpExchange exchange(bench_.port());
  for (const char byte : std::string("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")) {
    ASSERT_TRUE(exchange.Send(std::string(1, byte)));
  }
  EXPECT_EQ(exchange.ReadUntil("retry: ").head.status, 200);
}

TEST_F(HandshakeTest, ForgetsAConnectionThatSaysNothingAndLeaves) {
  {
    tests::HttpExchange silent(bench_.port());
    tests::HttpExchange half(bench_.port());
    ASSERT_TRUE(half.Send("GET /eve"));
  }
  const auto stream = bench_.Open("");
  bench_.GoLive();
  EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value());
  EXPECT_EQ(bench_.observer().Copy().opened.size(), 1U);
}

}  // namespace
}  // namespace sluice
