// clients/cli/output/json.h
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace sluice::cli {

enum class JsonLayout { kLine, kIndented };

// The message as proto JSON on one line or indented, without a newline at the end. Fields have
// their proto names; those that are zero are written too, so that `connections` 0 can be seen, but
// an optional field that is not set stays absent. Where a google.protobuf.Any holds a type that is
// not known here, `details` are left out.
std::string ToJson(const google::protobuf::Message& message, JsonLayout layout);

}  // namespace sluice::cli
