#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

using Fields = std::vector<std::string>;

class EventRules : public DefaultServerTest {
 protected:
  grpc::Status Send(const v1::Event& event, const std::string& client_id = "alice") {
    v1::SendToClientRequest request;
    request.set_client_id(client_id);
    *request.mutable_event() = event;
    v1::SendToClientResponse response;
    return Call(&Stub::SendToClient, request, &response);
  }

  // An RPC whose request is any bytes: what a client that does not check UTF-8 sends.
  grpc::Status SendBytes(const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(OpenChannel(server().GrpcAddress()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::CompletionQueue queue;
    auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    queue.Shutdown();
    return status;
  }
};

void ExpectRefused(const grpc::Status& status, const Fields& fields) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_EQ(ViolatedFields(status), fields);
  const std::string reason = ErrorReason(status);
  EXPECT_NE(reason, "");
  EXPECT_EQ(reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), std::string::npos)
      << reason;
}

TEST_F(EventRules, LineEndsAndNulInNamesAndIdsAreRefused) {
  for (const std::string& bad : {std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3),
                                 std::string("\n"), std::string("a\r\ndata: injected")}) {
    SCOPED_TRACE(bad);
    ExpectRefused(Send(MakeEvent("x", bad)), {"event.event"});
    ExpectRefused(Send(MakeEvent("x", "", bad)), {"event.id"});
  }
}

TEST_F(EventRules, NamesAndIdsOfTheServersOwnAreRefused) {
  ExpectRefused(Send(MakeEvent("x", "sluice.open")), {"event.event"});
  ExpectRefused(Send(MakeEvent("x", "sluice.anything")), {"event.event"});
  ExpectRefused(Send(MakeEvent("x", "", "sluice.1")), {"event.id"});
  EXPECT_TRUE(Send(MakeEvent("x", "sluice")).ok());
}

TEST_F(EventRules, LengthsAreLimitedInBytes) {
  EXPECT_TRUE(Send(MakeEvent("x", std::string(128, 'n'), std::string(64, 'i'))).ok());
  ExpectRefused(Send(MakeEvent("x", std::string(129, 'n'))), {"event.event"});
  ExpectRefused(Send(MakeEvent("x", "", std::string(65, 'i'))), {"event.id"});
}

TEST_F(EventRules, ACustomIdOfTheAssignedFormIsRefused) {
  ExpectRefused(Send(MakeEvent("x", "", "abcdefgh-0000000000000001")), {"event.id"});
  EXPECT_TRUE(Send(MakeEvent("x", "", "abcdefgh-1")).ok());
}

TEST_F(EventRules, RetryIsBetween100MillisecondsAndAnHour) {
  const auto with_retry = [](std::int64_t seconds, std::int32_t nanos) {
    v1::Event event = MakeEvent("x");
    event.mutable_retry()->set_seconds(seconds);
    event.mutable_retry()->set_nanos(nanos);
    return event;
  };
  EXPECT_TRUE(Send(with_retry(0, 100'000'000)).ok());
  EXPECT_TRUE(Send(with_retry(3600, 0)).ok());
  ExpectRefused(Send(with_retry(0, 99'000'000)), {"event.retry"});
  ExpectRefused(Send(with_retry(3601, 0)), {"event.retry"});
  ExpectRefused(Send(with_retry(-1, 0)), {"event.retry"});
  ExpectRefused(Send(with_retry(1, 2'000'000'000)), {"event.retry"});
}

TEST_F(EventRules, EverythingThatIsWrongIsTold) {
  v1::Event event = MakeEvent(std::string(65'001, 'x'), "a\nb", "c\rd");
  event.mutable_retry()->set_seconds(-5);
  Fields fields = ViolatedFields(Send(event, "with space"));
  std::sort(fields.begin(), fields.end());
  EXPECT_EQ(fields, (Fields{"client_id", "event.data", "event.event", "event.id", "event.retry"}));
}

TEST_F(EventRules, TargetsAreCheckedToo) {
  ExpectRefused(Send(MakeEvent("x"), ""), {"client_id"});
  ExpectRefused(Send(MakeEvent("x"), "tab\there"), {"client_id"});
  v1::SendToGroupRequest request;
  *request.mutable_event() = MakeEvent("x");
  request.set_group(std::string(257, 'g'));
  v1::SendToGroupResponse response;
  ExpectRefused(Call(&Stub::SendToGroup, request, &response), {"group"});
}

TEST_F(EventRules, AThousandExceptedClientsAreAllowedAndNotOneMore) {
  v1::BroadcastRequest request;
  *request.mutable_event() = MakeEvent("x");
  for (int i = 0; i < 1000; ++i) {
    request.mutable_options()->add_except_client_ids("c" + std::to_string(i));
  }
  v1::BroadcastResponse response;
  EXPECT_TRUE(Call(&Stub::Broadcast, request, &response).ok());
  request.mutable_options()->add_except_client_ids("one-more");
  ExpectRefused(Call(&Stub::Broadcast, request, &response), {"options.except_client_ids"});
}

// protobuf refuses such bytes before any code of ours sees them, with an error that names no field;
// the caller must still learn which one it was.
TEST_F(EventRules, DataThatIsNoUtf8IsRefusedByName) {
  const std::string client_id(
      "\x0A\x05"
      "alice",
      7);
  const std::string event("\x12\x04\x12\x02\xFF\xFE", 6);
  const grpc::Status status =
      SendBytes("/sluice.v1.ControlService/SendToClient", client_id + event);
  ExpectRefused(status, {"event.data"});
}

TEST_F(EventRules, NamesThatAreNoUtf8AreRefusedByName) {
  const std::string client_id("\x0A\x02\xC3\x28", 4);
  const std::string event("\x12\x04\x0A\x02\xFF\xFE", 6);
  const grpc::Status status =
      SendBytes("/sluice.v1.ControlService/SendToClient", client_id + event);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  Fields fields = ViolatedFields(status);
  std::sort(fields.begin(), fields.end());
  EXPECT_EQ(fields, (Fields{"client_id", "event.event"}));
}

TEST_F(EventRules, BytesThatAreNoMessageAreAnErrorAndNoMore) {
  const grpc::Status status = SendBytes("/sluice.v1.ControlService/SendToClient", "\xFF\xFF\xFF");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_TRUE(Send(MakeEvent("still there")).ok());
}

TEST_F(EventRules, UnknownMethodsAreUnimplemented) {
  EXPECT_EQ(SendBytes("/sluice.v1.ControlService/Nothing", "").error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace sluice::tests
