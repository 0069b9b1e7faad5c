#pragma once

#include <cjose/jwk.h>

#include <memory>
#include <string>

namespace sluice::tests {

// A key that tests sign tokens with.
class SigningKey {
 public:
  static SigningKey Rsa(std::size_t bits = 2048);
  static SigningKey Ec(cjose_jwk_ec_curve curve = CJOSE_JWK_EC_P_256);
  static SigningKey Secret(const std::string& bytes);

  // The public half as JSON, with these members added, such as `"kid":"a"`.
  std::string PublicJwk(const std::string& members = "") const;

  // A token with this payload. `id` empty: without `kid`.
  std::string Sign(const std::string& algorithm, const std::string& payload,
                   const std::string& id = "") const;

 private:
  explicit SigningKey(cjose_jwk_t* key) : key_(key, &cjose_jwk_release) {}

  std::unique_ptr<cjose_jwk_t, bool (*)(cjose_jwk_t*)> key_;
};

// {"keys":[…]} of these.
std::string JwkSet(const std::string& keys);

// The parts in compact form, each encoded, and `signature` as it is.
std::string CompactToken(const std::string& header, const std::string& payload,
                         const std::string& signature);

}  // namespace sluice::tests
