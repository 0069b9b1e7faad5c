// The gRPC port of a server whose callers have to say who they are.
#include <grpc/health/v1/health.grpc.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/integration/door/door_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

class Callers : public DoorTest {
 protected:
  void SetUp() override {
    DoorTest::SetUp();
    if (!IsSkipped()) StartServer({"--tokens-file=" + tokens_.path()});
  }

  std::set<std::string> ListedIds(const std::string& token) {
    v1::ListClientsResponse response;
    const grpc::Status status =
        CallAs(token, &Stub::ListClients, v1::ListClientsRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::set<std::string> ids;
    for (const v1::Client& client : response.clients()) ids.insert(client.client_id());
    return ids;
  }

  void ExpectDenied(const grpc::Status& status, const std::string& reason) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
    EXPECT_EQ(ErrorReason(status), reason);
  }

  TemporaryFile tokens_{TokenEntry("publisher", "secret-publisher", "scopes = [\"publish\"]") +
                        TokenEntry("reader", "secret-reader", "scopes = [\"clients.read\"]") +
                        TokenEntry("eu", "secret-eu",
                                   "scopes = [\"admin\"]\ngroup_prefixes = [\"eu.\"]\n"
                                   "client_id_prefixes = [\"eu:\", \"de:\"]")};
};

TEST_F(Callers, IsClosedToWhoHasNoCredential) {
  const grpc::Status missing = SendAs("", "news");
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ErrorReason(missing), "CREDENTIAL_MISSING");
  const grpc::Status wrong = SendAs("secret-nobody", "news");
  EXPECT_EQ(wrong.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ErrorReason(wrong), "CREDENTIAL_INVALID");
}

TEST_F(Callers, NeedsTheScopeOfTheRpc) {
  EXPECT_TRUE(SendAs("secret-publisher", "news").ok());
  ExpectDenied(SendAs("secret-reader", "news"), "SCOPE_MISSING");
  EXPECT_EQ(ListedIds("secret-reader"), std::set<std::string>{});
  v1::ListClientsResponse list;
  ExpectDenied(CallAs("secret-publisher", &Stub::ListClients, v1::ListClientsRequest(), &list),
               "SCOPE_MISSING");
  v1::SetClientMetadataRequest change;
  change.set_client_id("ada");
  change.set_allow_missing(true);
  v1::SetClientMetadataResponse changed;
  ExpectDenied(CallAs("secret-reader", &Stub::SetClientMetadata, change, &changed),
               "SCOPE_MISSING");
}

TEST_F(Callers, HoldsNarrowedCredentialsToTheirPrefixes) {
  EXPECT_TRUE(SendAs("secret-eu", "eu.news").ok());
  ExpectDenied(SendAs("secret-eu", "us.news"), "OUTSIDE_PREFIXES");
  v1::BroadcastRequest broadcast;
  broadcast.mutable_event()->set_data("x");
  v1::BroadcastResponse sent;
  ExpectDenied(CallAs("secret-eu", &Stub::Broadcast, broadcast, &sent), "OUTSIDE_PREFIXES");
  v1::GetClientRequest get;
  get.set_client_id("us:ada");
  v1::GetClientResponse got;
  ExpectDenied(CallAs("secret-eu", &Stub::GetClient, get, &got), "OUTSIDE_PREFIXES");
}

TEST_F(Callers, ListsOnlyWhatACredentialReaches) {
  const auto eu = OpenAndWait("client_id=eu:ada&group=eu.news&group=all");
  const auto de = OpenAndWait("client_id=de:eve");
  const auto us = OpenAndWait("client_id=us:bob");
  EXPECT_EQ(ListedIds("secret-eu"), (std::set<std::string>{"de:eve", "eu:ada"}));
  EXPECT_EQ(ListedIds("secret-reader"), (std::set<std::string>{"de:eve", "eu:ada", "us:bob"}));
  v1::GetClientRequest get;
  get.set_client_id("eu:ada");
  v1::GetClientResponse got;
  ASSERT_TRUE(CallAs("secret-eu", &Stub::GetClient, get, &got).ok());
  ASSERT_EQ(got.client().groups_size(), 1);
  EXPECT_EQ(got.client().groups(0), "eu.news");
}

// One long call of Publish, as publishers keep it open.
class OpenPublish {
 public:
  OpenPublish(v1::ControlService::Stub& stub, const std::string& token) {
    context_.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
    context_.AddMetadata("authorization", "Bearer " + token);
    stream_ = stub.Publish(&context_);
  }

  v1::PublishResponse Send(const std::string& group) {
    v1::PublishRequest request;
    request.set_group(group);
    request.mutable_event()->set_data("x");
    v1::PublishResponse response;
    stream_->Write(request);
    stream_->Read(&response);
    return response;
  }

  grpc::Status Finish() {
    stream_->WritesDone();
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishResponse>> stream_;
};

TEST_F(Callers, ChecksEachEntryOfPublish) {
  OpenPublish call(control(), "secret-eu");
  EXPECT_TRUE(call.Send("eu.news").has_delivery());
  const v1::PublishResponse denied = call.Send("us.news");
  EXPECT_EQ(denied.error().code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(call.Send("eu.news").has_delivery()) << "one bad entry fails alone";
  EXPECT_TRUE(call.Finish().ok());
}

TEST_F(Callers, RefusesPublishAsAWholeWithoutCredentialOrScope) {
  EXPECT_EQ(OpenPublish(control(), "wrong").Finish().error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(OpenPublish(control(), "secret-reader").Finish().error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(Callers, ForgetsATokenThatHasLeftTheFileEvenInAnOpenCall) {
  OpenPublish call(control(), "secret-publisher");
  EXPECT_TRUE(call.Send("news").has_delivery());
  tokens_.Replace(TokenEntry("new", "secret-new", "scopes = [\"publish\"]"));
  server().process().Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] { return SendAs("secret-new", "news").ok(); }));
  EXPECT_EQ(SendAs("secret-publisher", "news").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(call.Send("news").error().code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(Callers, KeepsTheLastGoodFile) {
  tokens_.Replace("[[token]]\nsecret = \"secret-leaked\"\n");
  EXPECT_TRUE(
      server().process().WaitForLine(ChildProcess::Output::kError, "the last good one stays"));
  EXPECT_TRUE(SendAs("secret-publisher", "news").ok());
  EXPECT_EQ(server().Log().find("secret-leaked"), std::string::npos);
  // Without a signal too.
  tokens_.Replace(TokenEntry("new", "secret-new", "scopes = [\"publish\"]"));
  EXPECT_TRUE(Eventually([&] { return SendAs("secret-new", "news").ok(); }));
}

TEST_F(Callers, LeavesHealthOpen) {
  const auto health = grpc::health::v1::Health::NewStub(OpenChannel(server().GrpcAddress()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
  grpc::health::v1::HealthCheckResponse response;
  ASSERT_TRUE(health->Check(&context, {}, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

class Reflection : public DoorTest {
 protected:
  // What calling the reflection service with nothing to say ends with.
  grpc::StatusCode Outcome() {
    grpc::GenericStub stub(OpenChannel(server().GrpcAddress()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(
        &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
    void* tag = nullptr;
    bool ok = false;
    grpc::Status status;
    call->StartCall(&queue);
    queue.Next(&tag, &ok);
    call->WritesDone(&queue);
    queue.Next(&tag, &ok);
    call->Finish(&status, &queue);
    queue.Next(&tag, &ok);
    return status.error_code();
  }

  TemporaryFile tokens_{""};
};

TEST_F(Reflection, IsServedWhereEverybodyMayCall) {
  StartServer();
  EXPECT_EQ(Outcome(), grpc::StatusCode::OK);
}

TEST_F(Reflection, IsOffWhereCallersAuthenticateUnlessAskedFor) {
  StartServer({"--tokens-file=" + tokens_.path()});
  EXPECT_EQ(Outcome(), grpc::StatusCode::UNIMPLEMENTED);
  StartServer({"--tokens-file=" + tokens_.path(), "--grpc-reflection"});
  EXPECT_EQ(Outcome(), grpc::StatusCode::OK);
}

class DoorFiles : public DoorTest {
 protected:
  Finished RunServer(std::vector<std::string> flags) {
    for (const char* flag : {"--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--admin=127.0.0.1:0"}) {
      flags.emplace_back(flag);
    }
    return RunToEnd({ServerProgram(), std::move(flags), {}, "", ""});
  }
};

TEST_F(DoorFiles, ThatCanNotBeUsedStopTheStart) {
  const TemporaryFile bad("geheim");
  for (const char* flag : {"--tokens-file", "--jwks-file", "--jwt-hs256-file"}) {
    for (const std::string& path : {std::string("/nonexistent/file"), bad.path()}) {
      const Finished finished = RunServer({std::string(flag) + "=" + path});
      EXPECT_NE(finished.status.code, 0);
      EXPECT_NE(finished.standard_error.find(flag), std::string::npos) << finished.standard_error;
      EXPECT_NE(finished.standard_error.find(path), std::string::npos) << finished.standard_error;
      EXPECT_EQ(finished.standard_error.find("geheim"), std::string::npos)
          << finished.standard_error;
    }
  }
}

TEST_F(DoorFiles, WithKeysOfJwtGuardBothPorts) {
  StartServer({"--jwt-hs256-file=" + jwt_secret_file_.path(), "--http=0.0.0.0:0"});
  EXPECT_EQ(SendAs("", "news").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(SendAs(Jwt(R"({"scopes":["publish"]})"), "news").ok());
  const grpc::Status browser = SendAs(Jwt(R"({"sub":"ada","groups":["news"]})"), "news");
  EXPECT_EQ(browser.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ErrorReason(browser), "SCOPE_MISSING");
}

}  // namespace
}  // namespace sluice::tests
