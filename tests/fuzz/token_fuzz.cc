// A token, as anybody may send one: its compact form, its header, and what its payload would claim.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "edge/base/check.h"
#include "edge/door/jwt/token_verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sluice::JwtKeys keys = *sluice::JwtKeys::FromSecret(std::string(32, 'k'));
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto payload = sluice::CheckSignature(bytes, keys);
  SLUICE_CHECK(payload.ok() || !payload.status().message().empty());
  const auto claims = sluice::ReadClaims(bytes, {"issuer", "audience"}, absl::UnixEpoch());
  SLUICE_CHECK(!claims.ok() || claims->expires > absl::UnixEpoch());
  return 0;
}
