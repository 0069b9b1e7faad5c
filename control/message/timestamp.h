#pragma once

#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

namespace sluice {

// `time` within the range of Timestamp (0001 to 9999).
inline void SetTimestamp(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const std::int64_t nanoseconds = absl::ToUnixNanos(time);
  timestamp.set_seconds(nanoseconds / 1'000'000'000);
  timestamp.set_nanos(static_cast<std::int32_t>(nanoseconds % 1'000'000'000));
}

}  // namespace sluice
