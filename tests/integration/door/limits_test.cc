#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

class Limits : public ServerTest {
 protected:
  // Whether the stream is let in; it is told so, or that the server is overloaded.
  bool IsLetIn(const EventStream& stream) {
    EXPECT_TRUE(stream.WaitForEventCount(1)) << stream.Log().Describe();
    const StreamLog log = stream.Log();
    if (log.Find("sluice.open") != nullptr) return true;
    EXPECT_EQ(JsonField(log.events.at(0).data, "reason"), "overloaded") << log.Describe();
    EXPECT_TRUE(log.reconnection_time_ms.has_value()) << "it is told when to come back";
    return false;
  }
};

TEST_F(Limits, OfAnAddressBoundWhatAProxySpeaksFor) {
  StartServer({"--max-per-ip=2", "--trusted-proxy=127.0.0.0/8"});
  const std::vector<std::string> from_ada = {"X-Forwarded-For: 192.0.2.7"};
  const auto one = Open("client_id=a", from_ada);
  ASSERT_TRUE(IsLetIn(*one));
  const auto two = Open("client_id=b", from_ada);
  ASSERT_TRUE(IsLetIn(*two));
  EXPECT_FALSE(IsLetIn(*Open("client_id=c", from_ada)));
  EXPECT_TRUE(IsLetIn(*Open("client_id=d", {"X-Forwarded-For: 192.0.2.8"})));
  v1::GetClientRequest request;
  v1::GetClientResponse response;
  request.set_client_id("a");
  ASSERT_TRUE(Call(&Stub::GetClient, request, &response).ok());
  EXPECT_EQ(response.client().connections(0).remote_address(), "192.0.2.7");
  one->Close();
  EXPECT_TRUE(Eventually([&] { return IsLetIn(*Open("client_id=c", from_ada)); }));
}

TEST_F(Limits, OfAnAddressAreNotEscapedByAHeader) {
  StartServer({"--max-per-ip=1"});
  const auto one = Open("", {"X-Forwarded-For: 192.0.2.7"});
  ASSERT_TRUE(IsLetIn(*one));
  EXPECT_FALSE(IsLetIn(*Open("", {"X-Forwarded-For: 192.0.2.8"})));
}

TEST_F(Limits, OfAClientEndItsOldestStream) {
  StartServer({"--max-per-client=2", "--shards=2"});
  const auto one = OpenAndWait("client_id=ada");
  const auto two = OpenAndWait("client_id=ada");
  SendToClient("ada", MakeEvent("before"));
  const auto three = OpenAndWait("client_id=ada");
  ASSERT_TRUE(one->WaitForEnd());
  const StreamLog log = one->Log();
  EXPECT_EQ(log.events.back().event, "sluice.end");
  EXPECT_EQ(JsonField(log.events.back().data, "reason"), "replaced");
  EXPECT_EQ(log.events[log.events.size() - 2].data, "before") << "what came before it still got";
  EXPECT_GE(log.reconnection_time_ms, 10'000) << "or two pages would replace each other for ever";
  EXPECT_EQ(SendToClient("ada", MakeEvent("after")).connections(), 2);
}

TEST_F(Limits, OfAClientRefuseItsNewestStreamWhereThatIsWanted) {
  StartServer({"--max-per-client=1", "--per-client-overflow=refuse"});
  const auto one = OpenAndWait("client_id=ada");
  EXPECT_FALSE(IsLetIn(*Open("client_id=ada")));
  EXPECT_TRUE(IsLetIn(*Open("client_id=bob")));
  one->Close();
  EXPECT_TRUE(Eventually([&] { return IsLetIn(*Open("client_id=ada")); }));
}

TEST_F(Limits, OfAGroupAreThoseWhoAskForIt) {
  StartServer({"--max-per-group=1", "--overload-response=503"});
  const auto one = OpenAndWait("client_id=ada&group=g");
  const HttpAnswer refused = Ask("GET /events?client_id=bob&group=g HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(refused.head.status, 503) << refused.raw;
  EXPECT_NE(refused.head.Field("retry-after"), "");
  EXPECT_TRUE(IsLetIn(*Open("client_id=bob&group=h")));
}

TEST_F(Limits, OfTheRateTellCallersWhenToComeBack) {
  StartServer({"--max-publish-rate=1"});
  v1::SendToClientRequest request;
  request.set_client_id("ada");
  *request.mutable_event() = MakeEvent("x");
  v1::SendToClientResponse response;
  ASSERT_TRUE(Call(&Stub::SendToClient, request, &response).ok());
  const grpc::Status status = Call(&Stub::SendToClient, request, &response);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorReason(status), "PUBLISH_RATE");
  request.mutable_event()->set_id("sluice.bad");
  EXPECT_EQ(Call(&Stub::SendToClient, request, &response).error_code(), grpc::INVALID_ARGUMENT)
      << "a bad request costs no place";
  request.mutable_event()->clear_id();
  EXPECT_TRUE(Eventually([&] { return Call(&Stub::SendToClient, request, &response).ok(); }));

  // Of a Publish call each entry counts, and fails alone.
  grpc::ClientContext context;
  const auto stream = control().Publish(&context);
  for (int i = 0; i < 2; ++i) {
    v1::PublishRequest entry;
    entry.set_client_id("ada");
    *entry.mutable_event() = MakeEvent("x");
    ASSERT_TRUE(stream->Write(entry));
  }
  stream->WritesDone();
  int refused = 0;
  v1::PublishResponse answer;
  while (stream->Read(&answer)) refused += answer.error().code() == grpc::RESOURCE_EXHAUSTED;
  EXPECT_GE(refused, 1);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(Limits, OfTheRateBoundNewStreams) {
  StartServer({"--max-connect-rate=1"});
  EXPECT_TRUE(IsLetIn(*Open("")));
  EXPECT_FALSE(IsLetIn(*Open("")));
  EXPECT_TRUE(Eventually([&] { return IsLetIn(*Open("")); }));
}

}  // namespace
}  // namespace sluice::tests
