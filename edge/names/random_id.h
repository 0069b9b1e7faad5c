#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// The lower-case base 32 alphabet of RFC 4648 "Base 32 Encoding": a-z and 2-7.
inline constexpr std::string_view kBase32Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

// `length` characters of kBase32Alphabet from the system's random source; 5 bits each. Not for the
// hot path.
std::string RandomId(int length);

// 64 bits from the system's random source.
std::uint64_t RandomNumber();

}  // namespace sluice
