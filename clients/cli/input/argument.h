// clients/cli/input/argument.h
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Turns what stands on the command line into values. Errors are INVALID_ARGUMENT with a message
// for the person who typed it.
namespace sluice::cli {

// "500ms", "10s", "1m30s", "2h". Negative and infinite durations are errors.
absl::StatusOr<absl::Duration> ParseDuration(const std::string& text);

// "KEY=VALUE", split at the first '='. The value may be empty, the key not.
absl::StatusOr<std::pair<std::string, std::string>> ParseKeyValue(std::string_view text);

// "HOST:PORT" or "[IPV6]:PORT".
struct HostPort {
  std::string host;  // Without brackets.
  int port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// True for localhost, 127.0.0.0/8 and ::1. Names are not resolved.
bool IsLoopback(const std::string& host);

// "Name: value" with a name that is a token of RFC 9110 and a value without control characters.
absl::StatusOr<std::pair<std::string, std::string>> ParseHeader(std::string_view text);

// The headers of --header arguments, where "@FILE" stands for one header on each line of the file.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadHeaders(
    const std::vector<std::string>& arguments, int input_fd);

}  // namespace sluice::cli
