#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Where a Redis is and how to get in (the `redis` scheme of IANA's provisional URI schemes).
struct RedisUrl {
  std::string host;
  std::uint16_t port = 6379;
  std::string user;  // Empty: the default user.
  std::string password;
  int database = 0;

  // Without user and password; for logs.
  std::string Address() const;
};

// Reads redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], percent-encoded where needed.
// Errors: INVALID_ARGUMENT, which shows the right form and never a part of a password.
absl::StatusOr<RedisUrl> ParseRedisUrl(std::string_view text);

// The URL with its password replaced by `***`, for printing. A text that does not parse is masked
// whole.
std::string MaskRedisUrl(std::string_view text);

}  // namespace sluice
