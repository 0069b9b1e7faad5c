#include "edge/door/jwt_door.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/names/text_rules.h"
#include "tests/support/http/http_exchange.h"
#include "tests/support/jwt/signing_key.h"
#include "tests/support/stream/edge_bench.h"

namespace sluice {
namespace {

using tests::EdgeBench;
using tests::Exchange;
using tests::HttpAnswer;
using tests::SigningKey;
using Strings = std::vector<std::string>;

TokenClaims Claims(const Strings& groups, const Strings& patterns = {}) {
  TokenClaims claims;
  claims.subject = "ada";
  claims.groups = groups;
  claims.group_patterns = patterns;
  return claims;
}

TEST(AdmitByClaims, GivesTheGroupsOfTheTokenAndThoseAskedForThatFit) {
  const auto admission =
      AdmitByClaims(Claims({"news", "all"}, {"room-*"}), {"room-1", "admin", "news"});
  ASSERT_TRUE(admission.ok()) << admission.status();
  EXPECT_EQ(admission->client_id, "ada");
  EXPECT_EQ(admission->groups, (Strings{"all", "news", "room-1"}));
}

TEST(AdmitByClaims, GivesNothingThatIsAskedForWithoutPatterns) {
  EXPECT_EQ(AdmitByClaims(Claims({}), {"news"})->groups, Strings{});
}

TEST(AdmitByClaims, RefusesNamesThatAreNone) {
  TokenClaims claims = Claims({});
  claims.subject = "a b";
  EXPECT_EQ(AdmitByClaims(claims, {}).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(AdmitByClaims(Claims({"a\nb"}), {}).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(AdmitByClaims(Claims({""}), {}).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST(AdmitByClaims, BoundsTheGroupsOfTokenAndQueryTogether) {
  Strings groups;
  for (std::size_t i = 0; i < kGroupsMax; ++i) groups.push_back(absl::StrCat("g", i));
  EXPECT_TRUE(AdmitByClaims(Claims(groups, {"*"}), {"g1"}).ok());
  EXPECT_EQ(AdmitByClaims(Claims(groups, {"*"}), {"more"}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

// A verifier with one secret, and tokens that it made.
struct Doorway {
  Doorway() : verifier({.issuer = "id", .audience = "sluice"}) {
    verifier.SetKeys(TokenVerifier::KeySource::kSecretFile, *JwtKeys::FromSecret(secret));
  }

  // `members` of the payload besides the right issuer and audience.
  std::string Token(const std::string& members) const {
    return SigningKey::Secret(secret).Sign(
        "HS256", absl::StrCat(R"({"iss":"id","aud":"sluice",)", members, "}"));
  }

  // `exp` so far from now.
  std::string TokenFor(absl::Duration time, const std::string& members) const {
    return Token(absl::StrCat("\"exp\":", absl::ToUnixMillis(absl::Now() + time), "e-3,", members));
  }

  const std::string secret = std::string(32, 's');
  TokenVerifier verifier;
  SystemClock clock;
  JwtDoor door{verifier, clock};
};

class JwtDoorTest : public testing::Test {
 protected:
  HttpAnswer Ask(const std::string& target, const std::string& lines = "") {
    return Exchange(bench_.port(),
                    "GET " + target + " HTTP/1.1\r\nHost: a.example\r\n" + lines + "\r\n");
  }

  // Checks for a 401 with this code, and that nothing of the token is told.
  void ExpectRefused(const std::string& token, const std::string& code) {
    const HttpAnswer answer = Ask("/events?token=" + token);
    EXPECT_EQ(answer.head.status, 401) << answer.raw;
    EXPECT_NE(answer.body.find("\"" + code + "\""), std::string::npos) << answer.body;
    const std::string challenge = answer.head.Field("www-authenticate");
    EXPECT_EQ(challenge.rfind("Bearer realm=\"sluice\"", 0), 0U) << challenge;
    EXPECT_EQ(challenge.find("invalid_token") != std::string::npos, code == "invalid_token");
    EXPECT_TRUE(token.empty() || answer.raw.find(token) == std::string::npos) << answer.raw;
  }

  Doorway doorway_;
  EdgeBench bench_{EdgeBench::Options(), {.door = &doorway_.door}};
};

TEST_F(JwtDoorTest, OpensAStreamAsTheTokenSays) {
  const std::string token = doorway_.TokenFor(
      absl::Hours(1),
      R"("sub":"ada","groups":["news"],"group_patterns":["room-*"],"metadata":{"plan":"pro"})");
  const auto stream = bench_.Open("?client_id=eve&group=room-1&group=admin&token=" + token);
  const OpenedConnection opened = bench_.GoLive();
  EXPECT_EQ(opened.client_id, "ada") << "not who the query says";
  EXPECT_EQ(opened.groups, (Strings{"news", "room-1"}));
  EXPECT_EQ(opened.metadata, R"({"plan":"pro"})");
  EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value());
}

TEST_F(JwtDoorTest, TakesHeaderAndCookie) {
  const std::string token = doorway_.Token(R"("sub":"ada")");
  const auto by_header = bench_.Open("", {"Authorization: Bearer " + token});
  EXPECT_EQ(bench_.GoLive().client_id, "ada");
  const auto by_cookie = bench_.Open("", {"Cookie: token=" + token});
  EXPECT_EQ(bench_.GoLive().client_id, "ada");
}

TEST_F(JwtDoorTest, MakesUpAClientIdForATokenWithoutSubject) {
  const auto stream = bench_.Open("?client_id=eve&token=" + doorway_.Token(R"("groups":[])"));
  const std::string id = bench_.GoLive().client_id;
  EXPECT_FALSE(id.empty());
  EXPECT_NE(id, "eve");
}

TEST_F(JwtDoorTest, RefusesTokensThatAreNotValid) {
  ExpectRefused("", "unauthenticated");
  ExpectRefused("nonsense", "invalid_token");
  ExpectRefused(std::string(12'000, 'a'), "invalid_token");
  ExpectRefused(doorway_.TokenFor(-absl::Seconds(1), R"("sub":"ada")"), "invalid_token");
  ExpectRefused(doorway_.Token(R"("sub":"ada","nbf":9999999999)"), "invalid_token");
  ExpectRefused(doorway_.Token(R"("sub":"a b")"), "invalid_token");
  ExpectRefused(SigningKey::Secret(std::string(32, 'x')).Sign("HS256", R"({"iss":"id"})"),
                "invalid_token");
  ExpectRefused(SigningKey::Secret(doorway_.secret).Sign("HS256", R"({"iss":"other"})"),
                "invalid_token");
  ExpectRefused(SigningKey::Ec().Sign("ES256", R"({"iss":"id","aud":"sluice"})"), "invalid_token");
  EXPECT_TRUE(bench_.observer().Copy().opened.empty());
}

TEST_F(JwtDoorTest, AsksForATokenBeforeItAnswersHeadAndNotForPreflights) {
  EXPECT_EQ(Exchange(bench_.port(), "HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n").head.status, 401);
  EXPECT_EQ(Exchange(bench_.port(), "OPTIONS /events HTTP/1.1\r\nHost: x\r\n\r\n").head.status,
            204);
}

TEST_F(JwtDoorTest, RefusesTheCookieOfAPageOfAnotherOrigin) {
  const std::string cookie = "Cookie: token=" + doorway_.Token(R"("sub":"ada")") + "\r\n";
  EXPECT_EQ(Ask("/events", cookie + "Origin: https://evil.example\r\n").head.status, 403);
  EXPECT_EQ(Ask("/events", cookie + "Sec-Fetch-Site: cross-site\r\n").head.status, 403);
  EXPECT_TRUE(bench_.observer().Copy().opened.empty());
  const auto own =
      bench_.Open("", {cookie.substr(0, cookie.size() - 2), "Sec-Fetch-Site: same-origin"});
  EXPECT_EQ(bench_.GoLive().client_id, "ada");
}

TEST_F(JwtDoorTest, EndsTheStreamWhenTheTokenExpiresAndDoesNotLetItInAgain) {
  const std::string token = doorway_.TokenFor(absl::Milliseconds(400), R"("sub":"ada")");
  const auto stream = bench_.Open("?token=" + token);
  bench_.GoLive();
  const auto end = stream->WaitForEvent("sluice.end");
  ASSERT_TRUE(end.has_value()) << stream->Log().Describe();
  EXPECT_EQ(end->data, R"({"reason":"token_expired"})");
  ASSERT_TRUE(bench_.observer().WaitForClosed(1));
  EXPECT_EQ(bench_.observer().Copy().closed.front().second, EndReason::kTokenExpired);
  ExpectRefused(token, "invalid_token");
}

TEST(JwtDoor, SendsBrowsersAwayForAWhileUntilKeysAreThere) {
  Doorway doorway;
  TokenVerifier without_keys({});
  JwtDoor door(without_keys, doorway.clock);
  EdgeBench bench(EdgeBench::Options(), {.door = &door});
  const auto stream = bench.Open("?token=" + doorway.Token(R"("sub":"ada")"));
  const auto end = stream->WaitForEvent("sluice.end");
  ASSERT_TRUE(end.has_value()) << stream->Log().Describe();
  EXPECT_EQ(end->data, R"({"reason":"unavailable"})");
  EXPECT_EQ(stream->Log().head.status, 200) << "a native EventSource must come back";
  EXPECT_TRUE(stream->Log().reconnection_time_ms.has_value());
}

}  // namespace
}  // namespace sluice
