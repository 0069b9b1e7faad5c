#pragma once

#include <absl/status/statusor.h>
#include <cjose/jwk.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// A key that signs tokens, with all that a token must say to be checked by it.
struct JwtKey {
  struct Release {
    void operator()(cjose_jwk_t* released) const { cjose_jwk_release(released); }
  };

  std::unique_ptr<cjose_jwk_t, Release> key;
  // The `kid` of its tokens. Empty: it takes tokens of any.
  std::string id;
  // The only values of `alg` that it takes: the key decides, never the token (RFC 8725, 3.1).
  std::vector<std::string> algorithms;
};

// The keys of one source. Immutable, so that threads can share it.
class JwtKeys {
 public:
  static constexpr std::size_t kJwksBytesMax = std::size_t{1} << 20;
  static constexpr std::size_t kKeysMax = 256;
  // RFC 7518, 3.2: at least as long as the hash.
  static constexpr std::size_t kSecretBytesMin = 32;

  JwtKeys() = default;

  // A JWK Set (RFC 7517). Keys that it holds for other purposes, of other types, or too short are
  // left out, as 5 says; at least one must remain. INVALID_ARGUMENT says what is wrong with it.
  static absl::StatusOr<JwtKeys> FromJwks(std::string_view json);

  // HS256 with these bytes. INVALID_ARGUMENT: fewer than kSecretBytesMin.
  static absl::StatusOr<JwtKeys> FromSecret(std::string_view bytes);

  // Those of both.
  static JwtKeys Union(const JwtKeys& one, const JwtKeys& other);

  // The keys that may have signed a token with this header. `id` empty: the token names none.
  std::vector<const JwtKey*> Candidates(std::string_view algorithm, std::string_view id) const;

  bool empty() const { return keys_.empty(); }
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<std::shared_ptr<const JwtKey>> keys_;
};

}  // namespace sluice
