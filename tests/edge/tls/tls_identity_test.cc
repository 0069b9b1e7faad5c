#include "edge/tls/tls_identity.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/tls/certificate.h"

namespace sluice {
namespace {

using tests::Certificate;

std::string Refusal(const std::string& chain, const std::string& key) {
  const auto context = MakeTlsContext(chain, key);
  return context.ok() ? "" : std::string(context.status().message());
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TlsIdentity, TakesACertificateWithItsKeyAndChain) {
  const Certificate authority = Certificate::Authority("ca");
  const Certificate own = authority.Issue("DNS:localhost");
  EXPECT_EQ(Refusal(own.pem(), own.key_pem()), "");
  EXPECT_EQ(Refusal(own.pem() + authority.pem(), own.key_pem()), "");
}

TEST(TlsIdentity, SaysWhatIsWrong) {
  const Certificate own = Certificate::Authority("a");
  const Certificate other = Certificate::Authority("b");
  EXPECT_TRUE(Holds(Refusal("", own.key_pem()), "holds no certificate"));
  EXPECT_TRUE(Holds(Refusal(own.key_pem(), own.key_pem()), "holds no certificate"));
  EXPECT_TRUE(Holds(Refusal(own.pem(), own.pem()), "no private key"));
  EXPECT_TRUE(Holds(Refusal(own.pem(), other.key_pem()), "does not belong to the key"));
}

TEST(TlsAuthorities, AreCertificatesAndNothingElse) {
  const Certificate one = Certificate::Authority("a");
  const Certificate two = Certificate::Authority("b");
  EXPECT_TRUE(CheckAuthorities(one.pem()).ok());
  EXPECT_TRUE(CheckAuthorities(one.pem() + two.pem()).ok());
  EXPECT_FALSE(CheckAuthorities("").ok());
  EXPECT_FALSE(CheckAuthorities("nothing").ok());
  EXPECT_FALSE(CheckAuthorities(one.pem().substr(0, one.pem().size() / 2)).ok());
}

}  // namespace
}  // namespace sluice
