#pragma once

#include <grpcpp/server_context.h>

#include <string>
#include <string_view>

namespace sluice {

// The trace-id of a `traceparent` (W3C, "Trace Context"), 32 hex digits; empty: it is none.
std::string TraceIdOf(std::string_view traceparent);

// The same of a call's metadata.
std::string TraceIdOf(const grpc::ServerContext& context);

}  // namespace sluice
