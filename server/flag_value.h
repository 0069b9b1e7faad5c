#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Values of flags, environment variables and configuration keys. A status says what was wrong and
// what would be right, without naming the flag: the caller knows that.

// Such as `15s`, `1m30s`, `250ms` or `0`. Never negative.
absl::StatusOr<absl::Duration> ParseDuration(const std::string& text);

// Bytes, such as `1048576`, `64KiB`, `1 MiB` or `2GB`.
absl::StatusOr<std::size_t> ParseSize(const std::string& text);

// As ParseSize, or a share such as `25%` of `whole`.
absl::StatusOr<std::size_t> ParseSizeOrShare(const std::string& text, std::size_t whole);

// The one of `known` that takes the fewest edits to become `name`; empty when none is near.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

// How much memory this process may use: the smallest of the control group's limit and the
// machine's.
std::size_t MemoryLimit();

// How many files this process may open, after raising the soft limit to the hard one.
std::size_t RaiseFileLimit();

}  // namespace sluice
