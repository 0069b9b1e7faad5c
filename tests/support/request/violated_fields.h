#pragma once

#include <absl/status/status.h>

#include <set>
#include <string>

#include "control/request/error_reason.h"

namespace sluice::tests {

// The fields of the BadRequest that the error carries.
inline std::set<std::string> ViolatedFields(const absl::Status& status) {
  std::set<std::string> fields;
  if (status.ok()) return fields;
  const google::rpc::Status rpc_status = ToRpcStatus(status);
  for (const auto& any : rpc_status.details()) {
    google::rpc::BadRequest bad_request;
    if (!any.UnpackTo(&bad_request)) continue;
    for (const auto& violation : bad_request.field_violations()) fields.insert(violation.field());
  }
  return fields;
}

// The reason of its ErrorInfo.
inline std::string ReasonOf(const absl::Status& status) {
  const google::rpc::Status rpc_status = ToRpcStatus(status);
  for (const auto& any : rpc_status.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return "";
}

}  // namespace sluice::tests
