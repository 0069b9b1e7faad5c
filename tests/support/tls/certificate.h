#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace sluice::tests {

// A certificate with its key, made for a test: P-256, valid since an hour.
class Certificate {
 public:
  static constexpr long kDaySeconds = 24L * 3600;

  // One that signs others, and itself.
  static Certificate Authority(const std::string& name);

  // One signed by the authority. `names`: its subjectAltName as OpenSSL writes it, such as
  // `DNS:localhost,IP:127.0.0.1` or `URI:spiffe://example/job`. It ends `valid_for_s` from now,
  // or has ended.
  Certificate Issue(const std::string& names, long valid_for_s = kDaySeconds) const;

  std::string pem() const;
  std::string key_pem() const;

 private:
  using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
  using Signed = std::unique_ptr<X509, void (*)(X509*)>;

  Certificate(Key key, Signed certificate)
      : key_(std::move(key)), certificate_(std::move(certificate)) {}

  static Key NewKey();
  static Signed NewCertificate(const std::string& name, EVP_PKEY* key, const X509* issuer,
                               long valid_for_s);

  Key key_;
  Signed certificate_;
};

}  // namespace sluice::tests
