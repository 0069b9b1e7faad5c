#include "server/door/door_options.h"

#include <absl/strings/str_cat.h>

namespace sluice {

absl::StatusOr<DoorOptions> ReadDoorOptions(const FlagValues& values) {
  DoorOptions options;
  options.jwt_hs256_file = values.jwt_hs256_file;
  options.jwks_file = values.jwks_file;
  options.tokens_file = values.tokens_file;
  options.claim_rules = {values.jwt_issuer, values.jwt_audience};
  if (options.has_jwt_keys()) return options;
  for (const auto& [flag, value] :
       {std::pair<const char*, const std::string&>{"jwt-issuer", values.jwt_issuer},
        {"jwt-audience", values.jwt_audience}}) {
    if (value.empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, " is given, but no keys that tokens are checked with; expected ",
                     "--jwt-hs256-file or --jwks-file too"));
  }
  return options;
}

}  // namespace sluice
