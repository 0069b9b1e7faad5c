// A JWK Set, as a file or an identity provider's answer holds it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/base/check.h"
#include "edge/door/jwt/jwt_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto keys = sluice::JwtKeys::FromJwks(bytes);
  if (!keys.ok()) return 0;
  SLUICE_CHECK(!keys->empty());
  SLUICE_CHECK(keys->Candidates("none", "").empty());
  SLUICE_CHECK(keys->Candidates("HS256", "").empty());
  return 0;
}
