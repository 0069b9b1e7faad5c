// clients/cli/input/file.h
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>

namespace sluice::cli {

// More than any file that a command takes whole needs; the server's limits are far lower.
inline constexpr std::size_t kFileSizeBytesMax = 1 << 20;

// The whole content of the file, "-" for `input_fd`.
// Errors: INVALID_ARGUMENT when it cannot be read or is over kFileSizeBytesMax.
absl::StatusOr<std::string> ReadFile(const std::string& path, int input_fd);

// What --data means: "-" the standard input, "@FILE" a file, anything else itself. The content is
// taken as it is, with a newline at its end.
// Errors: as ReadFile; INVALID_ARGUMENT when it is no UTF-8, which event streams require.
absl::StatusOr<std::string> ReadData(const std::string& argument, int input_fd);

// The secret in a token file, without the white space around it.
// Errors: as ReadFile; INVALID_ARGUMENT when it is empty or could not stand in a header.
absl::StatusOr<std::string> ReadToken(const std::string& path);

}  // namespace sluice::cli
