#include "control/request/error_reason.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace sluice {
namespace {

template <typename Detail>
std::optional<Detail> DetailOf(const google::rpc::Status& status) {
  std::optional<Detail> found;
  for (const auto& any : status.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) found = detail;
  }
  return found;
}

TEST(RpcStatus, AlwaysHasErrorInfo) {
  const auto status = ToRpcStatus(absl::NotFoundError("who?"));
  EXPECT_EQ(status.code(), 5);
  EXPECT_EQ(status.message(), "who?");
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->domain(), "sluice");
  EXPECT_EQ(info->reason(), "NOT_FOUND");
}

TEST(RpcStatus, KeepsTheReasonThatWasSet) {
  const auto status = ToRpcStatus(WithReason(absl::UnavailableError("away"), "NOT_SENT"));
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "NOT_SENT");
  EXPECT_EQ(info->domain(), "sluice");
  EXPECT_EQ(status.details_size(), 1);
}

// Once the order hung on where in memory the status was, and sluicectl's lines with it.
TEST(RpcStatus, HasItsDetailsInOneOrder) {
  std::vector<absl::Status> statuses;
  for (int i = 0; i < 50; ++i) {
    Violations violations;
    violations.Add("group", "is empty");
    statuses.push_back(violations.ToStatus());
  }
  for (const absl::Status& status : statuses) {
    const google::rpc::Status rpc_status = ToRpcStatus(status);
    ASSERT_EQ(rpc_status.details_size(), 2);
    EXPECT_TRUE(rpc_status.details(0).Is<google::rpc::BadRequest>());
    EXPECT_TRUE(rpc_status.details(1).Is<google::rpc::ErrorInfo>());
  }
}

TEST(Violations, AreNoErrorWhenThereAreNone) {
  Violations violations;
  violations.Add("event.data", absl::OkStatus());
  EXPECT_TRUE(violations.empty());
  EXPECT_TRUE(violations.ToStatus().ok());
}

TEST(Violations, AreAllListedWithTheirFields) {
  Violations violations;
  violations.Add("event.data", absl::InvalidArgumentError("is too long"));
  violations.Add("group", "is empty");
  const absl::Status status = violations.ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "`event.data` is too long; `group` is empty");
  const auto rpc_status = ToRpcStatus(status);
  const auto bad_request = DetailOf<google::rpc::BadRequest>(rpc_status);
  ASSERT_TRUE(bad_request.has_value());
  ASSERT_EQ(bad_request->field_violations_size(), 2);
  EXPECT_EQ(bad_request->field_violations(0).field(), "event.data");
  EXPECT_EQ(bad_request->field_violations(1).description(), "is empty");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(rpc_status)->reason(), "INVALID_ARGUMENT");
}

}  // namespace
}  // namespace sluice
