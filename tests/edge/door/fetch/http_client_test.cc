#include "edge/door/fetch/http_client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/door/fetch/fetch_thread.h"
#include "tests/support/http/answering_server.h"

namespace sluice {
namespace {

using tests::AnswerBytes;
using tests::AnsweringServer;
using tests::kPatience;
using tests::Watched;

class HttpClientTest : public testing::Test {
 protected:
  ~HttpClientTest() override { thread_.Stop(); }

  HttpClient& Client(FetchOptions options = {}) {
    options.url = *ParseHttpUrl(server_.Url("/keys?a=b"));
    clients_.push_back(std::make_unique<HttpClient>(thread_.io_context(), std::move(options)));
    return *clients_.back();
  }

  absl::StatusOr<FetchAnswer> Get(HttpClient& client) {
    Watched<std::optional<absl::StatusOr<FetchAnswer>>> answer;
    client.Get({{"X-Test", "1"}}, [&answer](absl::StatusOr<FetchAnswer> got) {
      answer.Update([&got](auto& value) { value = std::move(got); });
    });
    EXPECT_TRUE(answer.WaitFor([](const auto& value) { return value.has_value(); }, kPatience));
    return *answer.Copy();
  }

  AnsweringServer server_{
      [](const RequestHead&) { return AnswerBytes(200, "hello", "Cache-Control: max-age=7\r\n"); }};
  FetchThread thread_;
  // Kept until the thread has ended: a call ends a little after its answer.
  std::vector<std::unique_ptr<HttpClient>> clients_;
};

TEST_F(HttpClientTest, GetsTheUrlWithTheHeaders) {
  const auto answer = Get(Client());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->cache_control, "max-age=7");
  const auto requests = server_.Requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target(), "/keys?a=b");
  EXPECT_EQ(requests[0]["X-Test"], "1");
  EXPECT_EQ("http://" + std::string(requests[0]["Host"]) + "/keys?a=b", server_.Url("/keys?a=b"));
}

TEST_F(HttpClientTest, KeepsItsConnection) {
  HttpClient& client = Client();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Get(client).ok());
  EXPECT_EQ(server_.ConnectionCount(), 1);
}

TEST_F(HttpClientTest, ComesBackAfterTheServerHasClosed) {
  server_.SetAnswer([](const RequestHead&) { return "HTTP/1.0 200 OK\r\n\r\nto the end"; });
  HttpClient& client = Client({.timeout = absl::Milliseconds(200)});
  EXPECT_FALSE(Get(client).ok()) << "the end never comes";
  server_.SetAnswer([](const RequestHead&) { return AnswerBytes(200, "again"); });
  EXPECT_EQ(Get(client)->body, "again");
}

TEST_F(HttpClientTest, GivesUpInTime) {
  server_.SetAnswer([](const RequestHead&) { return ""; });
  EXPECT_EQ(Get(Client({.timeout = absl::Milliseconds(100)})).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(HttpClientTest, TakesNoMoreThanItsBound) {
  server_.SetAnswer([](const RequestHead&) { return AnswerBytes(200, std::string(2000, 'x')); });
  EXPECT_TRUE(Get(Client({.body_bytes_max = 2000})).ok());
  EXPECT_FALSE(Get(Client({.body_bytes_max = 1999})).ok());
  server_.SetAnswer([](const RequestHead&) {
    return "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\nContent-Length: 0\r\n\r\n";
  });
  EXPECT_FALSE(Get(Client()).ok());
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
  server_.SetAnswer([this](const RequestHead&) {
    return AnswerBytes(302, "", "Location: " + server_.Url("/elsewhere") + "\r\n");
  });
  EXPECT_EQ(Get(Client())->status, 302U);
  EXPECT_EQ(server_.Requests().size(), 1U);
}

TEST_F(HttpClientTest, SaysWhenNobodyAnswers) {
  server_.SetAnswer([](const RequestHead&) { return "garbage\r\n\r\n"; });
  EXPECT_EQ(Get(Client()).status().code(), absl::StatusCode::kUnavailable);
  HttpClient nobody(thread_.io_context(), {.url = *ParseHttpUrl("http://127.0.0.1:1/")});
  EXPECT_EQ(Get(nobody).status().code(), absl::StatusCode::kUnavailable);
  thread_.Stop();
}

TEST_F(HttpClientTest, BoundsTheCallsUnderWay) {
  server_.SetAnswer([](const RequestHead&) { return ""; });
  HttpClient& client = Client({.timeout = absl::Seconds(60), .calls_max = 2});
  for (int i = 0; i < 2; ++i) client.Get({}, [](const auto&) {});
  EXPECT_EQ(Get(client).status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace sluice
