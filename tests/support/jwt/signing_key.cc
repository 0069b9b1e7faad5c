#include "tests/support/jwt/signing_key.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <cjose/jws.h>

#include <cstdlib>

#include "edge/base/check.h"

namespace sluice::tests {

SigningKey SigningKey::Rsa(std::size_t bits) {
  return SigningKey(cjose_jwk_create_RSA_random(bits, nullptr, 0, nullptr));
}

SigningKey SigningKey::Ec(cjose_jwk_ec_curve curve) {
  return SigningKey(cjose_jwk_create_EC_random(curve, nullptr));
}

SigningKey SigningKey::Secret(const std::string& bytes) {
  return SigningKey(cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                              bytes.size(), nullptr));
}

std::string SigningKey::PublicJwk(const std::string& members) const {
  char* text = cjose_jwk_to_json(key_.get(), false, nullptr);
  SLUICE_CHECK(text != nullptr);
  std::string jwk = text;
  std::free(text);
  if (members.empty()) return jwk;
  jwk.pop_back();
  return jwk + "," + members + "}";
}

std::string SigningKey::Sign(const std::string& algorithm, const std::string& payload,
                             const std::string& id) const {
  cjose_header_t* header = cjose_header_new(nullptr);
  SLUICE_CHECK(cjose_header_set(header, CJOSE_HDR_ALG, algorithm.c_str(), nullptr));
  if (!id.empty()) SLUICE_CHECK(cjose_header_set(header, CJOSE_HDR_KID, id.c_str(), nullptr));
  cjose_jws_t* jws =
      cjose_jws_sign(key_.get(), header, reinterpret_cast<const std::uint8_t*>(payload.data()),
                     payload.size(), nullptr);
  SLUICE_CHECK(jws != nullptr);
  const char* text = nullptr;
  SLUICE_CHECK(cjose_jws_export(jws, &text, nullptr));
  std::string token = text;
  cjose_jws_release(jws);
  cjose_header_release(header);
  return token;
}

std::string JwkSet(const std::string& keys) {
  return absl::StrCat("{\"keys\":[", keys, "]}");
}

std::string CompactToken(const std::string& header, const std::string& payload,
                         const std::string& signature) {
  return absl::StrCat(absl::WebSafeBase64Escape(header), ".", absl::WebSafeBase64Escape(payload),
                      ".", signature);
}

}  // namespace sluice::tests
