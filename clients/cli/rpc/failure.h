// clients/cli/rpc/failure.h
#pragma once

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "clients/cli/exit_code.h"
#include "clients/cli/output/terminal.h"

namespace sluice::cli {

// The status with the details that the server attached, from `grpc-status-details-bin`.
google::rpc::Status WithDetails(const grpc::Status& status);

// "INVALID_ARGUMENT"; the number for a code that gRPC does not know.
std::string CodeName(int code);

// The failure in lines: code and message first, then each field violation as `field: description`,
// the ErrorInfo reason, and when to try again; what would say the same again is left out. All of
// them Visible.
std::vector<std::string> Describe(const google::rpc::Status& status);

// kUnreachable where nothing shows that the server itself has answered: UNAVAILABLE and
// DEADLINE_EXCEEDED without details come from this side of the connection, or from a proxy.
ExitCode ExitCodeOf(const google::rpc::Status& status);

// Writes the failure and what to do about it, and returns its exit code. `address` is where the
// server was looked for.
ExitCode ReportFailure(const Terminal& terminal, const google::rpc::Status& status,
                       const std::string& address);

// Writes a wrong argument or file, and returns kWrongUsage.
ExitCode ReportWrongUsage(const Terminal& terminal, const std::string& message);

// The line that every error begins with.
void WriteError(const Terminal& terminal, const std::string& message);
void WriteWarning(const Terminal& terminal, const std::string& message);

}  // namespace sluice::cli
