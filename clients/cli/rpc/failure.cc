// clients/cli/rpc/failure.cc
#include "clients/cli/rpc/failure.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/time.h>
#include <google/rpc/error_details.pb.h>
#include <grpcpp/grpcpp.h>

#include <array>
#include <ostream>

#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr std::array<const char*, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

using Violations = google::protobuf::RepeatedPtrField<google::rpc::BadRequest::FieldViolation>;

Violations ViolationsOf(const google::rpc::Status& status) {
  Violations violations;
  for (const auto& detail : status.details()) {
    google::rpc::BadRequest bad_request;
    if (detail.UnpackTo(&bad_request)) violations.MergeFrom(bad_request.field_violations());
  }
  return violations;
}

// Sluice joins the violations in its message, for callers that read no details. Written below each
// other they are easier to read, and once is enough.
bool MessageRepeats(const google::rpc::Status& status, const Violations& violations) {
  for (const auto& violation : violations) {
    if (!absl::StrContains(status.message(), violation.description())) return false;
    if (!absl::StrContains(status.message(), violation.field())) return false;
  }
  return !violations.empty();
}

void DescribeDetail(const google::rpc::Status& status, const google::protobuf::Any& detail,
                    std::vector<std::string>& lines) {
  google::rpc::ErrorInfo error_info;
  google::rpc::RetryInfo retry_info;
  if (detail.UnpackTo(&error_info)) {
    const bool says_more = error_info.reason() != CodeName(status.code());
    if (says_more) lines.push_back(Visible(absl::StrCat("reason: ", error_info.reason())));
    for (const auto& [key, value] : error_info.metadata()) {
      lines.push_back(Visible(absl::StrCat(key, ": ", value)));
    }
  } else if (detail.UnpackTo(&retry_info)) {
    const absl::Duration delay = absl::Seconds(retry_info.retry_delay().seconds()) +
                                 absl::Nanoseconds(retry_info.retry_delay().nanos());
    lines.push_back(absl::StrCat("try again in ", FormatElapsed(delay)));
  }
}

// What the person can do, or nothing.
std::string Advice(const google::rpc::Status& status, const std::string& address) {
  if (ExitCodeOf(status) == ExitCode::kUnreachable) {
    if (status.code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return absl::StrCat(
          "--timeout sets how long to wait; --server or SLUICE_SERVER names "
          "another server than ",
          address);
    }
    return "is the server running there? --server HOST:PORT or SLUICE_SERVER names another one";
  }
  if (status.code() == grpc::StatusCode::UNAUTHENTICATED) {
    return "--token-file FILE or SLUICE_TOKEN_FILE gives the token; --tls-cert and --tls-key a "
           "certificate";
  }
  if (status.code() == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::StrCat("the server at ", address, " does not know this call; is it an older one?");
  }
  return "";
}

}  // namespace

google::rpc::Status WithDetails(const grpc::Status& status) {
  google::rpc::Status rich;
  if (!status.error_details().empty() && rich.ParseFromString(status.error_details()) &&
      rich.code() == static_cast<int>(status.error_code())) {
    return rich;
  }
  rich.Clear();
  rich.set_code(static_cast<int>(status.error_code()));
  rich.set_message(status.error_message());
  return rich;
}

std::string CodeName(int code) {
  if (code < 0 || static_cast<std::size_t>(code) >= kCodeNames.size()) {
    return absl::StrCat("code ", code);
  }
  return kCodeNames[static_cast<std::size_t>(code)];
}

std::vector<std::string> Describe(const google::rpc::Status& status) {
  std::vector<std::string> lines;
  const Violations violations = ViolationsOf(status);
  const bool repeats = MessageRepeats(status, violations);
  const std::string message = repeats && violations.size() > 1
                                  ? absl::StrCat(violations.size(), " fields are wrong")
                                  : status.message();
  lines.push_back(Visible(absl::StrCat(CodeName(status.code()), ": ", message)));
  if (!repeats || violations.size() > 1) {
    for (const auto& violation : violations) {
      lines.push_back(Visible(absl::StrCat(violation.field(), ": ", violation.description())));
    }
  }
  for (const auto& detail : status.details()) DescribeDetail(status, detail, lines);
  return lines;
}

ExitCode ExitCodeOf(const google::rpc::Status& status) {
  if (status.code() == grpc::StatusCode::OK) return ExitCode::kDone;
  const bool may_be_local = status.code() == grpc::StatusCode::UNAVAILABLE ||
                            status.code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  if (may_be_local && status.details().empty()) return ExitCode::kUnreachable;
  return ExitCode::kRefused;
}

ExitCode ReportFailure(const Terminal& terminal, const google::rpc::Status& status,
                       const std::string& address) {
  const ExitCode exit_code = ExitCodeOf(status);
  if (exit_code == ExitCode::kUnreachable) {
    const bool is_late = status.code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    WriteError(terminal, absl::StrCat(is_late ? "no answer in time from " : "cannot reach ",
                                      Visible(address)));
    terminal.err << "  " << Visible(status.message()) << '\n';
  } else {
    const std::vector<std::string> lines = Describe(status);
    WriteError(terminal, lines.front());
    for (std::size_t i = 1; i < lines.size(); ++i) terminal.err << "  " << lines[i] << '\n';
  }
  const std::string advice = Advice(status, address);
  if (!advice.empty()) terminal.err << "  " << advice << '\n';
  terminal.err.flush();
  return exit_code;
}

ExitCode ReportWrongUsage(const Terminal& terminal, const std::string& message) {
  WriteError(terminal, Visible(message));
  terminal.err.flush();
  return ExitCode::kWrongUsage;
}

void WriteError(const Terminal& terminal, const std::string& message) {
  terminal.err << RedOnErr(terminal, "error:") << ' ' << message << '\n';
}

void WriteWarning(const Terminal& terminal, const std::string& message) {
  terminal.err << YellowOnErr(terminal, "warning:") << ' ' << message << '\n';
}

}  // namespace sluice::cli
