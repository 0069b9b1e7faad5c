// clients/cli/input/json_value.h
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/struct.pb.h>

#include <string>

namespace sluice::cli {

// A JSON object as metadata. Numbers become doubles, as google.protobuf.Value has them.
// Errors: INVALID_ARGUMENT when the text is no JSON (RFC 8259) or no object.
absl::StatusOr<google::protobuf::Struct> ParseJsonObject(const std::string& text);

// The JSON value that the text is, else the text as a string: `3` is a number, `pro` and `"3"` are
// strings.
// Errors: INVALID_ARGUMENT when the text is no UTF-8, or nests too deep.
absl::StatusOr<google::protobuf::Value> ParseJsonOrText(const std::string& text);

}  // namespace sluice::cli
