#include "control/caller/caller_door.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>
#include <vector>

#include "control/request/error_reason.h"
#include "tests/support/jwt/signing_key.h"
#include "tests/support/time/manual_clock.h"

namespace sluice {
namespace {

using tests::ManualClock;
using tests::SigningKey;

std::string HexHash(const std::string& secret) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), hash);
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash), sizeof(hash)});
}

TokensFile FileWith(const std::string& text) {
  auto file = ParseTokensFile(text);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *file : TokensFile();
}

std::string Token(const std::string& name, const std::string& secret,
                  const std::string& more = "") {
  return absl::StrCat("[[token]]\nname = \"", name, "\"\nscopes = [\"publish\"]\nsha256 = \"",
                      HexHash(secret), "\"\n", more, "\n");
}

std::string Certificate(const std::string& name, const std::string& san,
                        const std::string& more = "") {
  return absl::StrCat("[[certificate]]\nname = \"", name, "\"\nscopes = [\"publish\"]\nsan = \"",
                      san, "\"\n", more, "\n");
}

std::string ReasonOf(const absl::Status& status) {
  const google::rpc::Status rpc_status = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : rpc_status.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

class CallerDoorTest : public testing::Test {
 protected:
  // The caller's name, or the reason why there is none.
  static std::string Admit(const CallerDoor& door, const CallerCredentials& credentials) {
    const auto caller = door.Admit(credentials);
    return caller.ok() ? (*caller)->name : ReasonOf(caller.status());
  }

  std::string AdmitBearer(const std::string& token) const {
    const std::string authorization = "Bearer " + token;
    return Admit(door_, {.authorization = authorization});
  }

  std::string AdmitCertificate(const std::vector<std::string>& names) const {
    return Admit(door_, {.has_certificate = true, .certificate_names = names});
  }

  std::string Jwt(const std::string& members) const {
    return SigningKey::Secret(secret_).Sign("HS256", absl::StrCat(R"({"iss":"id",)", members, "}"));
  }

  void TakeJwt() {
    verifier_.SetKeys(TokenVerifier::KeySource::kSecretFile, *JwtKeys::FromSecret(secret_));
  }

  const std::string secret_ = std::string(32, 's');
  ManualClock clock_;
  TokenVerifier verifier_{{.issuer = "id"}};
  CallerDoor door_{&verifier_, clock_};
};

TEST_F(CallerDoorTest, KnowsCallersByTheirSecrets) {
  TakeJwt();
  door_.SetTokensFile(FileWith(Token("one", "secret-one") + Token("two", "secret-two")));
  EXPECT_EQ(AdmitBearer("secret-one"), "one");
  EXPECT_EQ(AdmitBearer("secret-two"), "two");
  for (const char* wrong : {"secret-three", "secret-on", "secret-one1", "Secret-one"}) {
    EXPECT_EQ(AdmitBearer(wrong), "CREDENTIAL_INVALID") << wrong;
  }
  EXPECT_EQ(AdmitBearer(HexHash("secret-one")), "CREDENTIAL_INVALID") << "the hash is no secret";
}

TEST_F(CallerDoorTest, AsksForACredential) {
  EXPECT_EQ(Admit(door_, {}), "CREDENTIAL_MISSING");
  for (const char* other : {"Basic abc", "Bearer", "Bearer ", "secret-one"}) {
    EXPECT_EQ(Admit(door_, {.authorization = other}), "CREDENTIAL_INVALID") << other;
  }
}

TEST_F(CallerDoorTest, LetsTokensExpire) {
  door_.SetTokensFile(FileWith(Token("one", "secret-one", "expires = 2023-11-14T22:13:21Z")));
  clock_.SetNow(absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(AdmitBearer("secret-one"), "one");
  clock_.SetNow(absl::FromUnixSeconds(1'700'000'001));
  EXPECT_EQ(AdmitBearer("secret-one"), "CREDENTIAL_INVALID");
}

TEST_F(CallerDoorTest, TakesTheScopesOfAJwt) {
  TakeJwt();
  const std::string token =
      "Bearer " + Jwt(R"("sub":"mailer","scopes":["publish","mail"],"group_prefixes":["m."])");
  const auto caller = door_.Admit({.authorization = token});
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ((*caller)->name, "mailer");
  EXPECT_EQ((*caller)->scopes, std::vector<Scope>{Scope::kPublish});
  EXPECT_TRUE((*caller)->ReachesGroup("m.x"));
  EXPECT_FALSE((*caller)->ReachesGroup("x"));
}

// The tokens of browsers are signed by the same keys.
TEST_F(CallerDoorTest, GivesAJwtWithoutScopesNothing) {
  TakeJwt();
  const std::string token = "Bearer " + Jwt(R"("sub":"ada","groups":["news"])");
  const auto caller = door_.Admit({.authorization = token});
  ASSERT_TRUE(caller.ok()) << caller.status();
  for (const Scope scope : kScopes) EXPECT_FALSE(CheckScope(**caller, scope).ok());
}

TEST_F(CallerDoorTest, RefusesAJwtThatIsNotValid) {
  TakeJwt();
  EXPECT_EQ(AdmitBearer(Jwt(R"("exp":1700000000)")), "CREDENTIAL_INVALID");
  EXPECT_EQ(AdmitBearer(Jwt(R"("scopes":"publish")")), "CREDENTIAL_INVALID");
  EXPECT_EQ(AdmitBearer(SigningKey::Ec().Sign("ES256", "{}")), "CREDENTIAL_INVALID");
  const CallerDoor without_jwt(nullptr, clock_);
  const std::string authorization = "Bearer " + Jwt(R"("sub":"x")");
  EXPECT_EQ(Admit(without_jwt, {.authorization = authorization}), "CREDENTIAL_INVALID");
}

TEST_F(CallerDoorTest, SaysWhenTheKeysAreNotThere) {
  EXPECT_EQ(AdmitBearer(Jwt(R"("sub":"x")")), "KEYS_UNAVAILABLE");
}

TEST_F(CallerDoorTest, KnowsCallersByTheirCertificates) {
  door_.SetTokensFile(
      FileWith(Certificate("edge", "edge.example") + Certificate("spiffe", "spiffe://example/job") +
               Certificate("old", "old.example", "expires = 2001-01-01T00:00:00Z")));
  EXPECT_EQ(AdmitCertificate({"other.example", "edge.example"}), "edge");
  EXPECT_EQ(AdmitCertificate({"spiffe://example/job"}), "spiffe");
  EXPECT_EQ(AdmitCertificate({"EDGE.example"}), "CERTIFICATE_UNKNOWN");
  EXPECT_EQ(AdmitCertificate({"sub.edge.example"}), "CERTIFICATE_UNKNOWN");
  EXPECT_EQ(AdmitCertificate({}), "CERTIFICATE_UNKNOWN");
  EXPECT_EQ(AdmitCertificate({"old.example"}), "CREDENTIAL_INVALID");
}

TEST_F(CallerDoorTest, GivesAnyCertificateAllWithoutEntriesForThem) {
  door_.SetTokensFile(FileWith(Token("one", "secret-one")));
  const auto caller = door_.Admit({.has_certificate = true});
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_TRUE(CheckScope(**caller, Scope::kAdmin).ok());
}

TEST_F(CallerDoorTest, LetsATokenDecideBeforeTheCertificate) {
  TakeJwt();
  door_.SetTokensFile(FileWith(Token("one", "secret-one")));
  EXPECT_EQ(Admit(door_, {.authorization = "Bearer secret-one", .has_certificate = true}), "one");
  EXPECT_EQ(Admit(door_, {.authorization = "Bearer wrong", .has_certificate = true}),
            "CREDENTIAL_INVALID");
}

TEST_F(CallerDoorTest, AsksAgainAfterTheFileOrTheKeysHaveChanged) {
  door_.SetTokensFile(FileWith(Token("one", "secret-one", "expires = 2023-11-14T22:13:21Z")));
  const std::uint64_t version = door_.version();
  const auto caller = door_.Admit({.authorization = "Bearer secret-one"});
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_TRUE(door_.IsStillAdmitted(**caller, version));
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(door_.IsStillAdmitted(**caller, version)) << "it has expired";
  clock_.Advance(-absl::Seconds(1));
  door_.SetTokensFile({});
  EXPECT_FALSE(door_.IsStillAdmitted(**caller, version));
  const std::uint64_t after_file = door_.version();
  TakeJwt();
  EXPECT_NE(door_.version(), after_file);
  EXPECT_EQ(AdmitBearer("secret-one"), "CREDENTIAL_INVALID");
}

}  // namespace
}  // namespace sluice
