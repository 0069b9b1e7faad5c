#include "edge/door/jwt/token_verifier.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/jwt/signing_key.h"

namespace sluice {
namespace {

using tests::CompactToken;
using tests::JwkSet;
using tests::SigningKey;

const char kPayload[] = R"({"sub":"ada"})";

JwtKeys KeysOf(const std::string& jwks) {
  auto keys = JwtKeys::FromJwks(jwks);
  EXPECT_TRUE(keys.ok()) << keys.status();
  return keys.ok() ? *keys : JwtKeys();
}

JwtKeys SecretOf(const std::string& bytes) {
  auto keys = JwtKeys::FromSecret(bytes);
  EXPECT_TRUE(keys.ok()) << keys.status();
  return keys.ok() ? *keys : JwtKeys();
}

absl::StatusCode Outcome(const std::string& token, const JwtKeys& keys) {
  return CheckSignature(token, keys).status().code();
}

std::string Unescaped(const std::string& text) {
  std::string bytes;
  EXPECT_TRUE(absl::WebSafeBase64Unescape(text, &bytes));
  return bytes;
}

// RFC 7515, A.1.
TEST(TokenVerifier, ChecksTheHs256ExampleOfTheRfc) {
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const JwtKeys keys = SecretOf(Unescaped(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
  const auto payload = CheckSignature(token, keys);
  ASSERT_TRUE(payload.ok()) << payload.status();
  EXPECT_EQ(*payload,
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
}

// RFC 7515, A.3.
TEST(TokenVerifier, ChecksTheEs256ExampleOfTheRfc) {
  const std::string token =
      "eyJhbGciOiJFUzI1NiJ9"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1"
      "Q";
  const JwtKeys keys =
      KeysOf(JwkSet(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"));
  EXPECT_EQ(Outcome(token, keys), absl::StatusCode::kOk);
  std::string forged = token;
  forged[30] = forged[30] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Outcome(forged, keys), absl::StatusCode::kUnauthenticated);
}

// RFC 7515, A.5.
TEST(TokenVerifier, RefusesTheUnsignedExampleOfTheRfc) {
  const std::string token =
      "eyJhbGciOiJub25lIn0"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      "cnVlfQ.";
  EXPECT_EQ(Outcome(token, SecretOf(std::string(32, 'k'))), absl::StatusCode::kUnauthenticated);
  // With something in the place of the signature.
  EXPECT_NE(Outcome(token + "AAAA", SecretOf(std::string(32, 'k'))), absl::StatusCode::kOk);
}

TEST(TokenVerifier, TakesEveryAlgorithmOfTheContract) {
  const SigningKey rsa = SigningKey::Rsa();
  const JwtKeys rsa_keys = KeysOf(JwkSet(rsa.PublicJwk()));
  for (const char* algorithm : {"RS256", "RS384", "RS512", "PS256"}) {
    EXPECT_EQ(Outcome(rsa.Sign(algorithm, kPayload), rsa_keys), absl::StatusCode::kOk) << algorithm;
  }
  const SigningKey p256 = SigningKey::Ec(CJOSE_JWK_EC_P_256);
  const SigningKey p384 = SigningKey::Ec(CJOSE_JWK_EC_P_384);
  const JwtKeys ec_keys = KeysOf(JwkSet(p256.PublicJwk() + "," + p384.PublicJwk()));
  EXPECT_EQ(Outcome(p256.Sign("ES256", kPayload), ec_keys), absl::StatusCode::kOk);
  EXPECT_EQ(Outcome(p384.Sign("ES384", kPayload), ec_keys), absl::StatusCode::kOk);
}

TEST(TokenVerifier, RefusesTokensOfAnotherKey) {
  const JwtKeys rsa_keys = KeysOf(JwkSet(SigningKey::Rsa().PublicJwk()));
  const JwtKeys ec_keys = KeysOf(JwkSet(SigningKey::Ec().PublicJwk()));
  EXPECT_EQ(Outcome(SigningKey::Rsa().Sign("RS256", kPayload), rsa_keys),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Outcome(SigningKey::Rsa().Sign("PS256", kPayload), rsa_keys),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Outcome(SigningKey::Ec().Sign("ES256", kPayload), ec_keys),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Outcome(SigningKey::Secret(std::string(32, 'a')).Sign("HS256", kPayload),
                    SecretOf(std::string(32, 'b'))),
            absl::StatusCode::kUnauthenticated);
}

// The classic: the public key, which all know, as the secret of HS256 (RFC 8725, 2.1).
TEST(TokenVerifier, LetsTheKeyDecideTheAlgorithm) {
  const SigningKey rsa = SigningKey::Rsa();
  const std::string jwk = rsa.PublicJwk();
  const std::string forged = SigningKey::Secret(jwk).Sign("HS256", kPayload);
  EXPECT_EQ(Outcome(forged, KeysOf(JwkSet(jwk))), absl::StatusCode::kNotFound);
  const JwtKeys both = JwtKeys::Union(KeysOf(JwkSet(jwk)), SecretOf(std::string(32, 'k')));
  EXPECT_EQ(Outcome(forged, both), absl::StatusCode::kUnauthenticated);
  const JwtKeys ps_only = KeysOf(JwkSet(rsa.PublicJwk(R"("alg":"PS256")")));
  EXPECT_EQ(Outcome(rsa.Sign("RS256", kPayload), ps_only), absl::StatusCode::kNotFound);
  const SigningKey secret = SigningKey::Secret(std::string(64, 'k'));
  EXPECT_EQ(Outcome(secret.Sign("HS512", kPayload), SecretOf(std::string(64, 'k'))),
            absl::StatusCode::kNotFound);
}

TEST(TokenVerifier, SaysApartWhenNoKeyHasTheId) {
  const SigningKey key = SigningKey::Ec();
  const JwtKeys keys = KeysOf(JwkSet(key.PublicJwk(R"("kid":"old")")));
  EXPECT_EQ(Outcome(key.Sign("ES256", kPayload, "old"), keys), absl::StatusCode::kOk);
  EXPECT_EQ(Outcome(key.Sign("ES256", kPayload), keys), absl::StatusCode::kOk);
  EXPECT_EQ(Outcome(key.Sign("ES256", kPayload, "new"), keys), absl::StatusCode::kNotFound);
}

TEST(TokenVerifier, FindsTheKeyAmongSeveralOfOneId) {
  const SigningKey one = SigningKey::Ec();
  const SigningKey two = SigningKey::Ec();
  const JwtKeys keys =
      KeysOf(JwkSet(one.PublicJwk(R"("kid":"k")") + "," + two.PublicJwk(R"("kid":"k")")));
  EXPECT_EQ(Outcome(two.Sign("ES256", kPayload, "k"), keys), absl::StatusCode::kOk);
}

TEST(TokenVerifier, RefusesWhatIsNoToken) {
  const SigningKey key = SigningKey::Secret(std::string(32, 'k'));
  const JwtKeys keys = SecretOf(std::string(32, 'k'));
  const std::string good = key.Sign("HS256", kPayload);
  ASSERT_EQ(Outcome(good, keys), absl::StatusCode::kOk);
  for (const std::string& bad : {std::string(),
                                 std::string("."),
                                 std::string(".."),
                                 std::string("..."),
                                 good + ".",
                                 good + "=",
                                 " " + good,
                                 good + "\n",
                                 "." + good,
                                 good.substr(0, good.rfind('.')),
                                 good.substr(0, good.rfind('.') + 1),
                                 good.substr(good.find('.')),
                                 good.substr(0, good.size() - 4),
                                 CompactToken("{}", kPayload, "AAAA"),
                                 CompactToken("[]", kPayload, "AAAA"),
                                 CompactToken("no JSON", kPayload, "AAAA"),
                                 CompactToken(R"({"alg":7})", kPayload, "AAAA"),
                                 CompactToken(R"({"alg":"none"})", kPayload, "AAAA"),
                                 CompactToken(R"({"alg":"nOnE"})", kPayload, "AAAA"),
                                 std::string(20'000, 'a')}) {
    EXPECT_NE(Outcome(bad, keys), absl::StatusCode::kOk) << bad;
    EXPECT_NE(CheckSignature(bad, keys).status().message(), "");
  }
}

TEST(TokenVerifier, RefusesCriticalExtensions) {
  const std::string token =
      CompactToken(R"({"alg":"HS256","crit":["exp"],"exp":1})", kPayload, "AAAA");
  const auto status = CheckSignature(token, SecretOf(std::string(32, 'k'))).status();
  EXPECT_NE(status.message().find("`crit`"), absl::string_view::npos) << status;
}

TEST(TokenVerifier, HasNoKeysUntilItIsGivenSome) {
  TokenVerifier verifier({});
  const SigningKey key = SigningKey::Ec();
  const std::string token = key.Sign("ES256", kPayload);
  EXPECT_EQ(verifier.Verify(token, absl::Now()).status().code(), absl::StatusCode::kUnavailable);
  verifier.SetKeys(TokenVerifier::KeySource::kJwksUrl, KeysOf(JwkSet(key.PublicJwk())));
  verifier.SetKeys(TokenVerifier::KeySource::kSecretFile, SecretOf(std::string(32, 'k')));
  const auto claims = verifier.Verify(token, absl::Now());
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->subject, "ada");
  verifier.SetKeys(TokenVerifier::KeySource::kJwksUrl,
                   KeysOf(JwkSet(SigningKey::Ec().PublicJwk())));
  EXPECT_EQ(verifier.Verify(token, absl::Now()).status().code(),
            absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace sluice
