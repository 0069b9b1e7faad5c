// clients/cli/tail/target.h
#pragma once

#include <absl/status/statusor.h>

#include <string>

namespace sluice::cli {

// Where an event stream is.
struct TailTarget {
  std::string host;  // To connect to: a name or an address without brackets.
  std::string port;
  std::string host_header;  // RFC 9110, "Host and :authority".
  std::string path_and_query;
};

// Errors: INVALID_ARGUMENT when the text is no http URL; https is refused by name.
absl::StatusOr<TailTarget> ParseTailTarget(const std::string& url);

}  // namespace sluice::cli
