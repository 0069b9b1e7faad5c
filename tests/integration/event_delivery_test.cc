#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

class EventDelivery : public DefaultServerTest {
 protected:
  // Sends data to alice and gives back what her browser makes of it.
  std::string Delivered(EventStream& stream, const std::string& data) {
    const std::size_t before = SentEvents(stream.Log()).size();
    EXPECT_EQ(SendToClient("alice", MakeEvent(data)).connections(), 1);
    EXPECT_TRUE(ReceivesEvents(stream, before + 1));
    const std::vector<ReceivedEvent> events = SentEvents(stream.Log());
    return events.size() > before ? events[before].data : "(nothing came)";
  }
};

TEST_F(EventDelivery, NameDataAndAssignedIdArrive) {
  const auto stream = OpenAndWait("client_id=alice");
  const v1::Delivery delivery = SendToClient("alice", MakeEvent("hello", "greeting"));
  EXPECT_EQ(delivery.connections(), 1);
  EXPECT_EQ(delivery.dropped(), 0);
  EXPECT_EQ(delivery.replicas(), 1);
  EXPECT_EQ(delivery.unconfirmed_replicas(), 0);
  ASSERT_TRUE(ReceivesEvents(*stream, 1));
  const ReceivedEvent event = SentEvents(stream->Log())[0];
  EXPECT_EQ(event.event, "greeting");
  EXPECT_EQ(event.data, "hello");
  EXPECT_EQ(event.id, delivery.event_id());
  EXPECT_TRUE(IsEventNumber(delivery.event_id())) << delivery.event_id();
}

TEST_F(EventDelivery, AssignedIdsGrowInTheOrderOfDelivery) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    ids.push_back(
        (i % 2 == 0 ? SendToClient("alice", MakeEvent("x")) : SendToGroup("news", MakeEvent("x")))
            .event_id());
  }
  ASSERT_TRUE(ReceivesEvents(*stream, 10));
  const std::vector<ReceivedEvent> events = SentEvents(stream->Log());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(events[i].id, ids[i]);
    if (i == 0) continue;
    EXPECT_EQ(ids[i].substr(0, 8), ids[0].substr(0, 8));
    EXPECT_GT(std::stoull(ids[i].substr(9)), std::stoull(ids[i - 1].substr(9)));
  }
}

TEST_F(EventDelivery, EveryLineEndArrivesAsALineFeed) {
  const auto stream = OpenAndWait("client_id=alice");
  EXPECT_EQ(Delivered(*stream, "a\nb\rc\r\nd"), "a\nb\nc\nd");
  EXPECT_EQ(Delivered(*stream, "a\n\nb\r\r\nc"), "a\n\nb\n\nc");
  EXPECT_EQ(Delivered(*stream, "end\n"), "end\n");
  EXPECT_EQ(Delivered(*stream, "\n"), "\n");
  EXPECT_EQ(Delivered(*stream, "\r\n\r\n"), "\n\n");
}

TEST_F(EventDelivery, DataArrivesAsItIs) {
  const auto stream = OpenAndWait("client_id=alice");
  for (const std::string& data :
       {std::string(), std::string(" two leading  spaces"), std::string(":no comment"),
        std::string("id: 9\nevent: fake\nretry: 1\ndata: nested"), std::string("\xEF\xBB\xBF bom"),
        std::string("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8E\x89"), std::string("a\0b", 3),
        std::string("\xE2\x80\xA8 and \xC2\x85 end no line")}) {
    SCOPED_TRACE(data);
    EXPECT_EQ(Delivered(*stream, data), data);
  }
  EXPECT_EQ(SentEvents(stream->Log()).size(), 8U);
}

TEST_F(EventDelivery, SixtyFiveThousandBytesArriveAndOneMoreIsRefused) {
  const auto stream = OpenAndWait("client_id=alice");
  const std::string longest(65'000, 'x');
  EXPECT_EQ(Delivered(*stream, longest), longest);
  // The frame of this one is more than three times as long as its data.
  const std::string lines(65'000, '\n');
  EXPECT_EQ(Delivered(*stream, lines), lines);

  v1::SendToClientRequest request;
  request.set_client_id("alice");
  *request.mutable_event() = MakeEvent(longest + "x");
  v1::SendToClientResponse response;
  const grpc::Status status = Call(&Stub::SendToClient, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedFields(status), std::vector<std::string>{"event.data"});
}

TEST_F(EventDelivery, ACustomIdGoesOutAsGiven) {
  const auto stream = OpenAndWait("client_id=alice");
  const v1::Delivery delivery = SendToClient("alice", MakeEvent("x", "", "order 17/b"));
  EXPECT_EQ(delivery.event_id(), "order 17/b");
  ASSERT_TRUE(ReceivesEvents(*stream, 1));
  EXPECT_EQ(SentEvents(stream->Log())[0].id, "order 17/b");
}

TEST_F(EventDelivery, AnEphemeralEventCarriesNoIdButHasANumber) {
  const auto stream = OpenAndWait("client_id=alice");
  v1::SendToClientRequest request;
  request.set_client_id("alice");
  *request.mutable_event() = MakeEvent("gone soon");
  request.mutable_options()->set_ephemeral(true);
  const v1::Delivery delivery = SendToClient(request);
  EXPECT_TRUE(IsEventNumber(delivery.event_id())) << delivery.event_id();
  ASSERT_TRUE(ReceivesEvents(*stream, 1));
  EXPECT_FALSE(SentEvents(stream->Log())[0].id.has_value());
}

TEST_F(EventDelivery, RetryReachesTheBrowser) {
  const auto stream = OpenAndWait("client_id=alice");
  v1::Event event = MakeEvent("slower");
  event.mutable_retry()->set_seconds(7);
  event.mutable_retry()->set_nanos(250'000'000);
  SendToClient("alice", event);
  ASSERT_TRUE(ReceivesEvents(*stream, 1));
  EXPECT_EQ(stream->Log().reconnection_time_ms, 7250);
}

TEST_F(EventDelivery, NobodyThereIsNoError) {
  const v1::Delivery to_client = SendToClient("nobody", MakeEvent("x"));
  EXPECT_TRUE(to_client.has_connections());
  EXPECT_EQ(to_client.connections(), 0);
  EXPECT_NE(to_client.event_id(), "");
  const v1::Delivery to_group = SendToGroup("empty", MakeEvent("x"));
  EXPECT_TRUE(to_group.has_connections());
  EXPECT_EQ(to_group.connections(), 0);
  EXPECT_NE(to_group.event_id(), "");
}

TEST_F(EventDelivery, AClientsConnectionsCanBeChosenByGroupAndById) {
  const auto phone = OpenAndWait("client_id=alice&group=phone&group=all");
  const auto desk = OpenAndWait("client_id=alice&group=desk&group=all");
  const auto plain = OpenAndWait("client_id=alice");
  const auto other = OpenAndWait("client_id=bob&group=phone");

  v1::SendToClientRequest request;
  request.set_client_id("alice");
  *request.mutable_event() = MakeEvent("to all three");
  EXPECT_EQ(SendToClient(request).connections(), 3);
  *request.mutable_event() = MakeEvent("to the two in all");
  request.set_group("all");
  EXPECT_EQ(SendToClient(request).connections(), 2);
  *request.mutable_event() = MakeEvent("to the phone");
  request.set_group("phone");
  EXPECT_EQ(SendToClient(request).connections(), 1);
  request.set_group("bobs");
  EXPECT_EQ(SendToClient(request).connections(), 0);
  request.clear_group();
  *request.mutable_event() = MakeEvent("to one");
  request.set_connection_id(Opened(*desk, "connection_id"));
  EXPECT_EQ(SendToClient(request).connections(), 1);
  // Another client's connection is not alice's.
  request.set_connection_id(Opened(*other, "connection_id"));
  EXPECT_EQ(SendToClient(request).connections(), 0);

  EXPECT_TRUE(ReceivesEvents(*phone, 3));
  EXPECT_TRUE(ReceivesEvents(*desk, 3));
  EXPECT_TRUE(ReceivesEvents(*plain, 1));
  EXPECT_TRUE(ReceivesEvents(*other, 0));
  EXPECT_EQ(SentEvents(desk->Log())[2].data, "to one");
  EXPECT_FALSE(SentEvents(desk->Log())[2].id.has_value())
      << "an event for one connection has an id";
}

TEST_F(EventDelivery, AGroupNamedTwiceCountsOnce) {
  const auto stream = OpenAndWait("client_id=alice&group=news&group=news");
  EXPECT_EQ(SendToGroup("news", MakeEvent("x")).connections(), 1);
  EXPECT_TRUE(ReceivesEvents(*stream, 1));
}

TEST_F(EventDelivery, ABroadcastReachesEveryConnectionButTheExcepted) {
  const auto alice = OpenAndWait("client_id=alice&group=news");
  const auto bob = OpenAndWait("client_id=bob");
  const auto second = OpenAndWait("client_id=bob");
  v1::BroadcastRequest request;
  *request.mutable_event() = MakeEvent("all");
  v1::BroadcastResponse response;
  ASSERT_TRUE(Call(&Stub::Broadcast, request, &response).ok());
  EXPECT_EQ(response.delivery().connections(), 3);
  request.mutable_options()->add_except_client_ids("bob");
  *request.mutable_event() = MakeEvent("not bob");
  ASSERT_TRUE(Call(&Stub::Broadcast, request, &response).ok());
  EXPECT_EQ(response.delivery().connections(), 1);
  EXPECT_TRUE(ReceivesEvents(*alice, 2));
  EXPECT_TRUE(ReceivesEvents(*bob, 1));
  EXPECT_TRUE(ReceivesEvents(*second, 1));
}

TEST_F(EventDelivery, APublishedOnlyEventIsNotCounted) {
  const auto stream = OpenAndWait("client_id=alice");
  v1::SendToClientRequest request;
  request.set_client_id("alice");
  *request.mutable_event() = MakeEvent("x");
  request.mutable_options()->set_confirmation(v1::CONFIRMATION_PUBLISHED);
  const v1::Delivery delivery = SendToClient(request);
  EXPECT_FALSE(delivery.has_connections());
  EXPECT_NE(delivery.event_id(), "");
  EXPECT_TRUE(ReceivesEvents(*stream, 1));
}

TEST_F(EventDelivery, AClosedConnectionIsNoLongerCounted) {
  const auto stays = OpenAndWait("client_id=alice");
  const auto closes = OpenAndWait("client_id=alice");
  const auto resets = OpenAndWait("client_id=alice");
  closes->Close();
  resets->Reset();
  v1::GetClientRequest request;
  request.set_client_id("alice");
  v1::GetClientResponse response;
  EXPECT_TRUE(Eventually([&] {
    return Call(&Stub::GetClient, request, &response).ok() &&
           response.client().connections_size() == 1;
  })) << response.DebugString();
  EXPECT_EQ(SendToClient("alice", MakeEvent("x")).connections(), 1);
  EXPECT_TRUE(ReceivesEvents(*stays, 1));
}

}  // namespace
}  // namespace sluice::tests
