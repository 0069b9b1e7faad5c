#include "edge/door/jwt/token_claims.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Strings = std::vector<std::string>;

constexpr std::int64_t kNow = 1'800'000'000;

absl::StatusOr<TokenClaims> Read(const std::string& payload, const ClaimRules& rules = {}) {
  return ReadClaims(payload, rules, absl::FromUnixSeconds(kNow));
}

// The message; empty when the claims were taken.
std::string Refusal(const std::string& payload, const ClaimRules& rules = {}) {
  const auto claims = Read(payload, rules);
  if (claims.ok()) return "";
  EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated);
  return std::string(claims.status().message());
}

std::string At(const std::string& claim, std::int64_t seconds_from_now) {
  return absl::StrCat("{\"", claim, "\":", kNow + seconds_from_now, "}");
}

TEST(TokenClaims, GiveAllThatTheyHold) {
  const auto claims = Read(R"({"sub":"ada","exp":1800000060,"groups":["a","b"],
      "group_patterns":["room-*"],"metadata":{"plan":"pro"},"scopes":["publish"],
      "group_prefixes":["g."],"client_id_prefixes":[]})");
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->subject, "ada");
  EXPECT_EQ(claims->expires, absl::FromUnixSeconds(kNow + 60));
  EXPECT_EQ(claims->groups, (Strings{"a", "b"}));
  EXPECT_EQ(claims->group_patterns, Strings{"room-*"});
  EXPECT_EQ(claims->metadata, R"({"plan":"pro"})");
  EXPECT_EQ(claims->scopes, Strings{"publish"});
  EXPECT_EQ(claims->group_prefixes, Strings{"g."});
  EXPECT_EQ(claims->client_id_prefixes, Strings{});
}

TEST(TokenClaims, MayBeAbsent) {
  const auto claims = Read("{}");
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->subject, "");
  EXPECT_EQ(claims->expires, absl::InfiniteFuture());
  EXPECT_EQ(claims->metadata, "");
  EXPECT_FALSE(claims->group_prefixes.has_value());
}

// A stream that was ended at `exp` must not be let in again with the same token.
TEST(TokenClaims, ExpireWithoutLeeway) {
  EXPECT_EQ(Refusal(At("exp", 1)), "");
  EXPECT_NE(Refusal(At("exp", 0)), "");
  EXPECT_NE(Refusal(At("exp", -1)), "");
  EXPECT_NE(Refusal(R"({"exp":1799999999.5})"), "");
  EXPECT_EQ(Refusal(R"({"exp":1800000000.5})"), "");
}

TEST(TokenClaims, MayBeginAMinuteAheadForClocksThatDiffer) {
  for (const char* claim : {"nbf", "iat"}) {
    EXPECT_EQ(Refusal(At(claim, 60)), "") << claim;
    EXPECT_NE(Refusal(At(claim, 61)), "") << claim;
    EXPECT_EQ(Refusal(At(claim, -100'000)), "") << claim;
  }
}

TEST(TokenClaims, AreHeldToTheIssuer) {
  const ClaimRules rules = {.issuer = "https://id.example"};
  EXPECT_EQ(Refusal(R"({"iss":"https://id.example"})", rules), "");
  for (const char* payload :
       {"{}", R"({"iss":"https://id.example/"})", R"({"iss":""})", R"({"iss":7})"}) {
    EXPECT_NE(Refusal(payload, rules), "") << payload;
  }
}

TEST(TokenClaims, AreHeldToTheAudience) {
  const ClaimRules rules = {.audience = "sluice"};
  EXPECT_EQ(Refusal(R"({"aud":"sluice"})", rules), "");
  EXPECT_EQ(Refusal(R"({"aud":["mail","sluice"]})", rules), "");
  for (const char* payload :
       {"{}", R"({"aud":"mail"})", R"({"aud":[]})", R"({"aud":["mail"]})", R"({"aud":{}})"}) {
    EXPECT_NE(Refusal(payload, rules), "") << payload;
  }
}

TEST(TokenClaims, AreRefusedByNameWhenTheirTypeIsWrong) {
  for (const auto& [claim, value] :
       std::vector<std::pair<std::string, std::string>>{{"sub", "7"},
                                                        {"exp", "\"soon\""},
                                                        {"exp", "1e300"},
                                                        {"nbf", "true"},
                                                        {"iat", "null"},
                                                        {"groups", "\"a\""},
                                                        {"groups", "[1]"},
                                                        {"group_patterns", "{}"},
                                                        {"metadata", "[]"},
                                                        {"metadata", "\"x\""},
                                                        {"scopes", "\"publish\""},
                                                        {"group_prefixes", "7"},
                                                        {"client_id_prefixes", "[null]"}}) {
    const std::string message = Refusal(absl::StrCat("{\"", claim, "\":", value, "}"));
    EXPECT_NE(message.find("`" + claim + "`"), std::string::npos) << claim << value << message;
  }
}

TEST(TokenClaims, HoldMetadataOf16KiBAtMost) {
  const auto payload = [](std::size_t bytes) {
    // {"k":""} are 8 of them.
    return absl::StrCat(R"({"metadata":{"k":")", std::string(bytes - 8, 'x'), "\"}}");
  };
  EXPECT_EQ(Refusal(payload(16 * 1024)), "");
  EXPECT_NE(Refusal(payload(16 * 1024 + 1)), "");
}

TEST(TokenClaims, AreAJsonObject) {
  for (const char* payload : {"", "7", "[]", "{", "{}x"}) EXPECT_NE(Refusal(payload), "");
}

TEST(TokenClaims, AreNotRepeatedInErrors) {
  const std::string message = Refusal(R"({"iss":"geheim"})", {.issuer = "id"});
  EXPECT_EQ(message.find("geheim"), std::string::npos) << message;
}

}  // namespace
}  // namespace sluice
