#pragma once

#include <absl/status/status.h>
#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

namespace sluice {

// Parses the bytes of a request. gRPC's own parsing answers bad bytes with INTERNAL; here they are
// INVALID_ARGUMENT, and a string that is not UTF-8 is named by its path, such as `event.data`.
absl::Status ParseRequest(grpc::ByteBuffer& bytes, google::protobuf::Message& request);

grpc::ByteBuffer SerializeResponse(const google::protobuf::Message& response);

}  // namespace sluice
