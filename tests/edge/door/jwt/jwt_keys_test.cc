#include "edge/door/jwt/jwt_keys.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/jwt/signing_key.h"

namespace sluice {
namespace {

using tests::JwkSet;
using tests::SigningKey;

std::string Refusal(const std::string& jwks) {
  const auto keys = JwtKeys::FromJwks(jwks);
  return keys.ok() ? "" : std::string(keys.status().message());
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// How many keys would check a token of this algorithm.
std::size_t Count(const std::string& jwk, const std::string& algorithm) {
  const auto keys = JwtKeys::FromJwks(JwkSet(jwk));
  return keys.ok() ? keys->Candidates(algorithm, "").size() : 0;
}

TEST(JwtKeys, GivesEachTypeItsAlgorithmsAndNoOthers) {
  const std::string rsa = SigningKey::Rsa().PublicJwk();
  for (const char* algorithm : {"RS256", "RS384", "RS512", "PS256"}) {
    EXPECT_EQ(Count(rsa, algorithm), 1U) << algorithm;
  }
  const std::string p256 = SigningKey::Ec(CJOSE_JWK_EC_P_256).PublicJwk();
  const std::string p384 = SigningKey::Ec(CJOSE_JWK_EC_P_384).PublicJwk();
  EXPECT_EQ(Count(p256, "ES256"), 1U);
  EXPECT_EQ(Count(p384, "ES384"), 1U);
  EXPECT_EQ(Count(p256, "ES384"), 0U);
  EXPECT_EQ(Count(p384, "ES256"), 0U);
  for (const std::string& jwk : {rsa, p256, p384}) {
    for (const char* algorithm : {"none", "HS256", "HS512", "PS384", "ES512", ""}) {
      EXPECT_EQ(Count(jwk, algorithm), 0U) << algorithm;
    }
  }
}

TEST(JwtKeys, HoldsAKeyToTheAlgorithmItNames) {
  const std::string jwk = SigningKey::Rsa().PublicJwk(R"("alg":"PS256")");
  EXPECT_EQ(Count(jwk, "PS256"), 1U);
  EXPECT_EQ(Count(jwk, "RS256"), 0U);
}

TEST(JwtKeys, ChoosesByKeyId) {
  const SigningKey one = SigningKey::Ec();
  const auto keys = JwtKeys::FromJwks(
      JwkSet(one.PublicJwk(R"("kid":"a")") + "," + one.PublicJwk(R"("kid":"b")")));
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->Candidates("ES256", "a").size(), 1U);
  EXPECT_EQ(keys->Candidates("ES256", "a").front()->id, "a");
  EXPECT_EQ(keys->Candidates("ES256", "").size(), 2U) << "a token without kid";
  EXPECT_TRUE(keys->Candidates("ES256", "c").empty());
}

TEST(JwtKeys, LeavesOutKeysThatAreOfNoUseHere) {
  const std::string good = SigningKey::Ec().PublicJwk(R"("kid":"good")");
  for (const std::string& other :
       {SigningKey::Ec().PublicJwk(R"("use":"enc")"), SigningKey::Ec().PublicJwk(R"("use":7)"),
        SigningKey::Ec().PublicJwk(R"("key_ops":["sign"])"),
        SigningKey::Ec().PublicJwk(R"("alg":"RS256")"),
        SigningKey::Ec(CJOSE_JWK_EC_P_521).PublicJwk(), std::string(R"({"kty":"OKP"})"),
        std::string(R"({"kty":"oct","k":"c2VjcmV0"})"), std::string("7"), std::string("{}"),
        std::string(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})")}) {
    const auto keys = JwtKeys::FromJwks(JwkSet(other + "," + good));
    ASSERT_TRUE(keys.ok()) << other << keys.status();
    EXPECT_EQ(keys->size(), 1U) << other;
    EXPECT_TRUE(Holds(Refusal(JwkSet(other)), "`keys[0]`")) << other;
  }
}

// The library decodes with asserts: a fuzzer ended the process by an equals sign.
TEST(JwtKeys, LeavesOutKeysWhoseNumbersAreNoBase64Url) {
  for (const char* number : {"3=qt", "AA==", "A", "AAAAA", "", "a b", "+/+/"}) {
    const std::string rsa = absl::StrCat(R"({"kty":"RSA","e":"AQAB","n":")", number, "\"}");
    EXPECT_TRUE(Holds(Refusal(JwkSet(rsa)), "no base64url")) << number;
    const std::string ec =
        absl::StrCat(R"({"kty":"EC","crv":"P-256","x":"AAAA","y":")", number, "\"}");
    EXPECT_TRUE(Holds(Refusal(JwkSet(ec)), "no base64url")) << number;
  }
  EXPECT_TRUE(Holds(Refusal(JwkSet(R"({"kty":"RSA","e":7,"n":[]})")), "no base64url"));
}

TEST(JwtKeys, RefusesShortRsaKeys) {
  const std::string message = Refusal(JwkSet(SigningKey::Rsa(1024).PublicJwk()));
  EXPECT_TRUE(Holds(message, "1024 bits; expected 2048")) << message;
}

TEST(JwtKeys, RefusesWhatIsNoKeySet) {
  for (const char* text : {"", "7", "[]", "{}", R"({"keys":7})", "{\"keys\":[", "<html>"}) {
    EXPECT_TRUE(Holds(Refusal(text), "is no JWK Set")) << text;
  }
  EXPECT_TRUE(Holds(Refusal(JwkSet("")), "holds no key"));
  EXPECT_TRUE(Holds(Refusal(std::string(JwtKeys::kJwksBytesMax + 1, ' ')), "is over"));
  std::string many = "{}";
  for (int i = 0; i < 256; ++i) many += ",{}";
  EXPECT_TRUE(Holds(Refusal(JwkSet(many)), "257 keys"));
}

TEST(JwtKeys, TakesSecretsOfThirtyTwoBytesAtLeast) {
  EXPECT_FALSE(JwtKeys::FromSecret("").ok());
  EXPECT_FALSE(JwtKeys::FromSecret(std::string(31, 'k')).ok());
  const auto keys = JwtKeys::FromSecret(std::string(32, 'k'));
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->Candidates("HS256", "any").size(), 1U) << "a secret file has no kid";
  EXPECT_TRUE(keys->Candidates("HS384", "").empty());
}

}  // namespace
}  // namespace sluice
