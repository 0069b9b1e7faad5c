// clients/cli/output/client.h
#pragma once

#include <absl/time/time.h>
#include <sluice/v1/control_service.pb.h>

#include "clients/cli/output/format.h"
#include "clients/cli/output/terminal.h"

namespace sluice::cli {

// How long ago that was, for people; empty when `time` is unset.
std::string Age(const google::protobuf::Timestamp& time, absl::Time now);

// One client with its connections, in the format.
void WriteClient(const Terminal& terminal, OutputFormat format, const v1::Client& client,
                 absl::Time now);

// A table with a line for each client or, where `has_connections`, for each of its connections.
// Nothing where there is no client.
void WriteClients(const Terminal& terminal, const v1::ListClientsResponse& list,
                  bool has_connections, absl::Time now);

}  // namespace sluice::cli
