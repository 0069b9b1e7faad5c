#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/time/time.h>
#include <google/protobuf/duration.pb.h>

#include <string_view>

#include "control/request/error_reason.h"

namespace sluice {

// The time in a field of a request. A duration that is none by its own rules is a violation, else
// what `check` says of it.
inline absl::Duration ReadDuration(std::string_view field,
                                   const google::protobuf::Duration& duration,
                                   Violations& violations,
                                   absl::FunctionRef<absl::Status(absl::Duration)> check) {
  constexpr int kNanosMax = 999'999'999;
  const bool has_one_sign = (duration.seconds() <= 0 || duration.nanos() >= 0) &&
                            (duration.seconds() >= 0 || duration.nanos() <= 0);
  if (duration.nanos() < -kNanosMax || duration.nanos() > kNanosMax || !has_one_sign) {
    violations.Add(field,
                   "is no valid Duration: `nanos` is not within 999,999,999 of 0, or has "
                   "another sign than `seconds`");
    return absl::ZeroDuration();
  }
  const absl::Duration time =
      absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  violations.Add(field, check(time));
  return time;
}

}  // namespace sluice
