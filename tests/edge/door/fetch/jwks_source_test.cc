#include "edge/door/fetch/jwks_source.h"

#include <gtest/gtest.h>

#include <string>

#include "edge/door/fetch/fetch_thread.h"
#include "edge/door/jwt_door.h"
#include "tests/support/eventually.h"
#include "tests/support/http/answering_server.h"
#include "tests/support/jwt/signing_key.h"
#include "tests/support/stream/edge_bench.h"

namespace sluice {
namespace {

using tests::AnswerBytes;
using tests::AnsweringServer;
using tests::EdgeBench;
using tests::Eventually;
using tests::JwkSet;
using tests::SigningKey;

const char kPayload[] = R"({"sub":"ada"})";

class JwksSourceTest : public testing::Test {
 protected:
  ~JwksSourceTest() override { thread_.Stop(); }

  static std::string SetOf(const SigningKey& key, const std::string& id) {
    return AnswerBytes(200, JwkSet(key.PublicJwk("\"kid\":\"" + id + "\"")));
  }

  void Start(JwksTimes times = {}) {
    source_ = std::make_unique<JwksSource>(thread_.io_context(), *ParseHttpUrl(server_.Url("/")),
                                           verifier_, clock_, times);
    source_->Start();
  }

  bool Takes(const SigningKey& key, const std::string& id) const {
    return verifier_.Verify(key.Sign("ES256", kPayload, id), absl::Now()).ok();
  }

  const SigningKey one_ = SigningKey::Ec();
  const SigningKey two_ = SigningKey::Ec();
  SystemClock clock_;
  TokenVerifier verifier_{{}};
  AnsweringServer server_{[this](const RequestHead&) { return SetOf(one_, "one"); }};
  FetchThread thread_;
  std::unique_ptr<JwksSource> source_;
};

TEST_F(JwksSourceTest, FetchesTheKeysAtTheStart) {
  Start();
  EXPECT_TRUE(Eventually([&] { return Takes(one_, "one"); }));
  EXPECT_TRUE(Eventually([&] { return source_->health().is_good; }));
}

TEST_F(JwksSourceTest, FetchesAgainAsTheAnswerSays) {
  server_.SetAnswer([this](const RequestHead&) {
    return AnswerBytes(200, JwkSet(one_.PublicJwk(R"("kid":"one")")),
                       "Cache-Control: public, max-age=0\r\n");
  });
  Start({.refresh_min = absl::Milliseconds(20)});
  ASSERT_TRUE(server_.WaitForRequests(3));
  server_.SetAnswer([this](const RequestHead&) { return SetOf(two_, "two"); });
  EXPECT_TRUE(Eventually([&] { return Takes(two_, "two"); }));
  EXPECT_FALSE(Takes(one_, "one")) << "a key that has left the set";
}

TEST_F(JwksSourceTest, KeepsTheLastGoodKeysWhateverTheUrlSays) {
  Start({.refresh = absl::Milliseconds(20),
         .refresh_min = absl::Milliseconds(20),
         .retry = absl::Milliseconds(5)});
  ASSERT_TRUE(Eventually([&] { return Takes(one_, "one"); }));
  for (const std::string& answer :
       {AnswerBytes(500, ""), AnswerBytes(404, "{}"), AnswerBytes(200, "<html>"),
        AnswerBytes(200, JwkSet("")), AnswerBytes(200, std::string(10 << 20, 'x')),
        AnswerBytes(301, "", "Location: /\r\n"), std::string("garbage\r\n\r\n")}) {
    const std::size_t before = server_.Requests().size();
    server_.SetAnswer([answer](const RequestHead&) { return answer; });
    ASSERT_TRUE(server_.WaitForRequests(before + 3));
    EXPECT_TRUE(Eventually([&] { return !source_->health().is_good; }));
    EXPECT_TRUE(Takes(one_, "one")) << answer.substr(0, 40);
  }
  server_.SetAnswer([this](const RequestHead&) { return SetOf(two_, "two"); });
  EXPECT_TRUE(Eventually([&] { return Takes(two_, "two") && source_->health().is_good; }));
}

TEST_F(JwksSourceTest, FetchesOnceForManyUnknownKeysAndThenRests) {
  Start({.refetch_min = absl::ZeroDuration()});
  ASSERT_TRUE(Eventually([&] { return source_->health().is_good; }));
  server_.SetAnswer([](const RequestHead&) { return ""; });
  int waiting = 0;
  for (int i = 0; i < 100; ++i) waiting += source_->Refresh([] {}) ? 1 : 0;
  EXPECT_EQ(waiting, 100);
  EXPECT_TRUE(server_.WaitForRequests(2));
  EXPECT_EQ(server_.Requests().size(), 2U);
}

TEST_F(JwksSourceTest, DoesNotFetchAgainSoForKeysThatAreNotThere) {
  Start({.refetch_min = absl::Hours(1)});
  ASSERT_TRUE(Eventually([&] { return source_->health().is_good; }));
  EXPECT_FALSE(source_->Refresh([] {}));
}

// The identity provider has a new key, and the first token of it is here before we fetched it.
TEST_F(JwksSourceTest, LetsStreamsWaitForAKeyThatIsNew) {
  Start({.refetch_min = absl::ZeroDuration()});
  ASSERT_TRUE(Eventually([&] { return source_->health().is_good; }));
  JwtDoor door(verifier_, clock_, source_.get());
  EdgeBench bench(EdgeBench::Options(), {.door = &door});
  server_.SetAnswer([this](const RequestHead&) { return SetOf(two_, "two"); });
  const auto stream = bench.Open("?token=" + two_.Sign("ES256", kPayload, "two"));
  EXPECT_EQ(bench.GoLive().client_id, "ada");
  EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value());
  const auto forged = bench.Open("?token=" + SigningKey::Ec().Sign("ES256", kPayload, "three"));
  ASSERT_TRUE(forged->WaitForEnd());
  EXPECT_EQ(forged->Log().head.status, 401);
}

// With 401 browsers would stay away for good, though their tokens may be right.
TEST_F(JwksSourceTest, SendsStreamsAwayForAWhileWhenANewKeyCanNotBeFetched) {
  Start({.refetch_min = absl::ZeroDuration()});
  ASSERT_TRUE(Eventually([&] { return source_->health().is_good; }));
  JwtDoor door(verifier_, clock_, source_.get());
  EdgeBench bench(EdgeBench::Options(), {.door = &door});
  server_.SetAnswer([](const RequestHead&) { return AnswerBytes(503, ""); });
  const auto stream = bench.Open("?token=" + two_.Sign("ES256", kPayload, "two"));
  const auto end = stream->WaitForEvent("sluice.end");
  ASSERT_TRUE(end.has_value()) << stream->Log().Describe();
  EXPECT_EQ(end->data, R"({"reason":"unavailable"})");
  const auto known = bench.Open("?token=" + one_.Sign("ES256", kPayload, "one"));
  EXPECT_EQ(bench.GoLive().client_id, "ada") << "keys that are there go on";
  EXPECT_TRUE(known->WaitForEvent("sluice.open").has_value());
}

TEST(MaxAge, IsReadFromCacheControl) {
  const absl::Duration otherwise = absl::Minutes(5);
  EXPECT_EQ(MaxAge("max-age=60", otherwise), absl::Seconds(60));
  EXPECT_EQ(MaxAge("public, Max-Age=1 , must-revalidate", otherwise), absl::Seconds(1));
  for (const char* none : {"", "no-store", "max-age", "max-age=", "max-age=-1", "max-age=x",
                           "s-maxage=7", "max-age=99999999999"}) {
    EXPECT_EQ(MaxAge(none, otherwise), otherwise) << none;
  }
}

}  // namespace
}  // namespace sluice
