// tests/clients/cli/failure_test.cc
#include "clients/cli/rpc/failure.h"

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/clients/cli/support/control_server.h"

namespace sluice::cli {
namespace {

google::rpc::ErrorInfo Reason(const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_domain("sluice");
  info.set_reason(reason);
  return info;
}

}  // namespace

TEST(Failure, TellsEveryFieldViolationAndTheReason) {
  google::rpc::BadRequest bad_request;
  for (const char* field : {"event.data", "event.id"}) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(field);
    violation->set_description("is too long");
  }
  const auto info = Reason("INVALID_EVENT");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3);
  const grpc::Status status = StatusWith(grpc::StatusCode::INVALID_ARGUMENT, "the event is wrong",
                                         {&bad_request, &info, &retry});
  EXPECT_EQ(Describe(WithDetails(status)),
            (std::vector<std::string>{"INVALID_ARGUMENT: the event is wrong",
                                      "event.data: is too long", "event.id: is too long",
                                      "reason: INVALID_EVENT", "try again in 3.0s"}));
}

// Every violation stood in the message and once more below it.
TEST(Failure, SaysAViolationThatTheMessageRepeatsOnce) {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("client_id");
  violation->set_description("holds a space");
  const auto info = Reason("INVALID_ARGUMENT");
  EXPECT_EQ(Describe(WithDetails(StatusWith(grpc::StatusCode::INVALID_ARGUMENT,
                                            "`client_id` holds a space", {&bad_request, &info}))),
            (std::vector<std::string>{"INVALID_ARGUMENT: `client_id` holds a space"}));
  violation = bad_request.add_field_violations();
  violation->set_field("event.event");
  violation->set_description("is reserved");
  EXPECT_EQ(Describe(WithDetails(StatusWith(grpc::StatusCode::INVALID_ARGUMENT,
                                            "`client_id` holds a space; `event.event` is reserved",
                                            {&bad_request, &info}))),
            (std::vector<std::string>{"INVALID_ARGUMENT: 2 fields are wrong",
                                      "client_id: holds a space", "event.event: is reserved"}));
}

TEST(Failure, NeverSendsControlCharactersOfTheServerToTheTerminal) {
  std::ostringstream out;
  std::ostringstream err;
  const Terminal terminal{-1, out, err};
  ReportFailure(terminal, WithDetails({grpc::StatusCode::NOT_FOUND, "\x1b[2J"}), "a:1");
  EXPECT_EQ(err.str(), "error: NOT_FOUND: \\x1b[2J\n");
}

TEST(Failure, UsesTheStatusWhereTheDetailsAreGarbage) {
  const grpc::Status status(grpc::StatusCode::ABORTED, "version differs", "\x01\x02garbage");
  EXPECT_EQ(Describe(WithDetails(status)), (std::vector<std::string>{"ABORTED: version differs"}));
}

TEST(Failure, TellsAnUnreachableServerFromOneThatAnswersUnavailable) {
  const grpc::Status away(grpc::StatusCode::UNAVAILABLE, "Connection refused");
  EXPECT_EQ(ExitCodeOf(WithDetails(away)), ExitCode::kUnreachable);
  const grpc::Status late(grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded");
  EXPECT_EQ(ExitCodeOf(WithDetails(late)), ExitCode::kUnreachable);
  const auto info = Reason("NOT_SENT");
  const grpc::Status answered = StatusWith(grpc::StatusCode::UNAVAILABLE, "no Redis", {&info});
  EXPECT_EQ(ExitCodeOf(WithDetails(answered)), ExitCode::kRefused);
}

TEST(Failure, NamesTheAddressOfAnUnreachableServerAndHowToChangeIt) {
  std::ostringstream out;
  std::ostringstream err;
  const Terminal terminal{-1, out, err};
  const grpc::Status away(grpc::StatusCode::UNAVAILABLE, "Connection refused");
  EXPECT_EQ(ReportFailure(terminal, WithDetails(away), "10.1.2.3:50051"), ExitCode::kUnreachable);
  for (const char* text : {"10.1.2.3:50051", "Connection refused", "--server", "SLUICE_SERVER"}) {
    EXPECT_NE(err.str().find(text), std::string::npos) << err.str();
  }
}

}  // namespace sluice::cli
