#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace sluice::tests {

// Sends a command to the server on this port of 127.0.0.1 and returns its reply as text; integers
// in digits, an array's elements on a line each. Errors: UNKNOWN with what Redis says; UNAVAILABLE.
absl::StatusOr<std::string> RedisCommand(int port, const std::vector<std::string>& arguments);

}  // namespace sluice::tests
