#pragma once

#include <absl/status/statusor.h>

#include <string>

namespace sluice {

// Where something is fetched from.
struct HttpUrl {
  bool is_https = false;
  std::string host;       // As for resolving; an IPv6 address without brackets.
  std::string port;       // A number.
  std::string target;     // Path and query.
  std::string authority;  // The value of Host.
};

// Reads `http://` or `https://`. A user name or password in it is refused: it would stand in logs
// and the process list. INVALID_ARGUMENT says what is wrong without repeating the URL.
absl::StatusOr<HttpUrl> ParseHttpUrl(const std::string& text);

}  // namespace sluice
