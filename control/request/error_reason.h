#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// How errors tell what they are. Inside, an error is an absl::Status with google.rpc details as
// payloads (google.rpc.ErrorInfo, google.rpc.BadRequest); on the wire it is a google.rpc.Status.

// Sets the stable reason (UPPER_SNAKE_CASE, ErrorInfo of domain `sluice`) of an error.
absl::Status WithReason(absl::Status status, std::string_view reason);

// UNAVAILABLE with google.rpc.RetryInfo: nothing was carried out (reason NOT_SENT), or nobody knows
// whether it was (OUTCOME_UNKNOWN).
absl::Status NotSent(std::string_view why);
absl::Status OutcomeUnknown(std::string_view why);

// RESOURCE_EXHAUSTED, reason PUBLISH_RATE, with google.rpc.RetryInfo: the caller may publish so
// many events a second, and again after `wait`.
absl::Status TooFast(double per_second_max, absl::Duration wait);

// RESOURCE_EXHAUSTED, reason TOO_MANY_BLOCKED.
absl::Status TooManyBlocked(int count_max);

// Gathers everything that is wrong with a request.
// Limits: the first kViolationsMax are told, field names cut to kFieldBytesMax, because gRPC
// clients
//         take 8 KiB of error details by default and drop the whole status beyond that.
class Violations {
 public:
  static constexpr int kViolationsMax = 12;
  static constexpr std::size_t kFieldBytesMax = 128;

  // `field`: the path as the caller wrote it, such as `event.data`. `status` that is OK adds none.
  void Add(std::string_view field, const absl::Status& status);
  void Add(std::string_view field, std::string_view description);

  // More entries or bytes than are allowed are a violation. True if they are one.
  bool AddIfTooMany(std::string_view field, std::size_t count, std::size_t count_max);
  bool AddIfTooLong(std::string_view field, std::size_t bytes, std::size_t bytes_max);

  bool empty() const { return bad_request_.field_violations().empty(); }

  // OK when there are none; else INVALID_ARGUMENT with all of them.
  absl::Status ToStatus() const;

 private:
  google::rpc::BadRequest bad_request_;
  int count_ = 0;  // Of all, told or not.
};

// The error as callers get it; always with ErrorInfo, whose reason is the code's name when no
// reason was set. `status` is not OK.
google::rpc::Status ToRpcStatus(const absl::Status& status);

}  // namespace sluice
