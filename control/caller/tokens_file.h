#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/caller/caller.h"

namespace sluice {

// What --tokens-file holds.
struct TokensFile {
  using Sha256 = std::array<std::uint8_t, 32>;

  struct Token {
    Sha256 secret_hash;
    CallerPointer caller;
  };
  struct Certificate {
    std::string san;  // A DNS name or URI of the certificate, exactly.
    CallerPointer caller;
  };

  std::vector<Token> tokens;
  std::vector<Certificate> certificates;
};

inline constexpr std::size_t kCallersMax = 10'000;
inline constexpr std::size_t kPrefixesMax = 64;

// Reads TOML with [[token]] and [[certificate]] tables. INVALID_ARGUMENT says the line, the key,
// what is wrong and what would be right, and repeats no value of `sha256`.
absl::StatusOr<TokensFile> ParseTokensFile(std::string_view text);

}  // namespace sluice
