#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <utility>

#include "server/flag_value.h"

namespace sluice {

// Checks flags one after the other and keeps what is wrong with the first wrong one.
class FlagReader {
 public:
  void Fail(absl::string_view flag, absl::string_view wrong) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(absl::StrCat("--", flag, " ", wrong));
  }

  template <typename Value>
  Value Take(absl::string_view flag, absl::StatusOr<Value> value) {
    if (value.ok()) return *std::move(value);
    Fail(flag, value.status().message());
    return Value();
  }

  std::size_t Number(absl::string_view flag, const std::string& text, std::size_t min,
                     std::size_t max) {
    std::uint64_t number = 0;
    if (absl::SimpleAtoi(text, &number) && number >= min && number <= max) return number;
    Fail(flag, absl::StrCat("is ", text, "; expected ", min, " to ", max,
                            "; leave it out for the default"));
    return min;
  }

  absl::Duration DurationFrom(absl::string_view flag, const std::string& text, absl::Duration min,
                              absl::Duration max) {
    const absl::Duration duration = Take(flag, ParseDuration(text));
    if (status_.ok() && (duration < min || duration > max)) {
      Fail(flag, absl::StrCat("is ", text, "; expected ", absl::FormatDuration(min), " to ",
                              absl::FormatDuration(max)));
    }
    return duration;
  }

  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

}  // namespace sluice
