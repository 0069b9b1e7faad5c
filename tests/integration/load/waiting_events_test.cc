#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// What happens to events that a slow stream has not taken yet.
class WaitingEvents : public ServerTest {
 protected:
  // A stream that reads nothing, behind buffers that are full, so that all that comes has to wait.
  std::shared_ptr<EventStream> OpenFull(const std::string& client_id) {
    StreamRequest request = GetEvents("/events?client_id=" + client_id);
    request.receive_buffer_bytes = 4096;
    auto stream = streams().Open(server().http_port(), std::move(request));
    EXPECT_TRUE(stream->WaitForEventCount(1)) << "no sluice.open";
    stream->PauseReading();
    while (QueuedBytes(client_id) == 0)
      SendToClient(client_id, MakeEvent(std::string(20'000, 'x')));
    return stream;
  }

  std::int64_t QueuedBytes(const std::string& client_id) {
    v1::GetClientRequest request;
    request.set_client_id(client_id);
    v1::GetClientResponse response;
    EXPECT_TRUE(Call(&Stub::GetClient, request, &response).ok());
    return response.client().connections_size() == 0
               ? -1
               : response.client().connections(0).queued_bytes();
  }

  v1::SendToClientRequest Numbered(const std::string& client_id, int number) {
    v1::SendToClientRequest request;
    request.set_client_id(client_id);
    *request.mutable_event() =
        MakeEvent(absl::StrCat(number, std::string(10'000, ' ')), "numbered");
    return request;
  }

  static std::vector<int> NumbersIn(const StreamLog& log) {
    std::vector<int> numbers;
    for (const ReceivedEvent& event : log.events) {
      int number = 0;
      if (event.event == "numbered" && absl::SimpleAtoi(event.data, &number)) {
        numbers.push_back(number);
      }
    }
    return numbers;
  }

  // Lets the stream read, up to an event that is sent now.
  StreamLog ReadToEnd(EventStream& stream, const std::string& client_id) {
    stream.ResumeReading();
    EXPECT_TRUE(Eventually([&] { return QueuedBytes(client_id) == 0; }));
    SendToClient(client_id, MakeEvent("", "last"));
    EXPECT_TRUE(stream.WaitForEvent("last").has_value());
    return stream.Log();
  }
};

TEST_F(WaitingEvents, ThatArePushedOutAreToldAndCanBeFetched) {
  StartServer({"--outbox-bytes=128KiB", "--slow-consumer=drop-oldest"});
  const auto slow = OpenFull("slow");
  for (int i = 1; i <= 40; ++i) {
    const v1::Delivery delivery = SendToClient(Numbered("slow", i));
    EXPECT_EQ(delivery.connections(), 1);
    EXPECT_EQ(delivery.dropped(), 0) << "it went in";
  }
  EXPECT_LE(QueuedBytes("slow"), 128 << 10);
  const StreamLog log = ReadToEnd(*slow, "slow");
  const std::vector<int> got = NumbersIn(log);
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.back(), 40);
  EXPECT_LT(got.size(), 20U);
  const ReceivedEvent* gap = log.Find("sluice.gap");
  ASSERT_NE(gap, nullptr);
  EXPECT_EQ(JsonField(gap->data, "reason"), "dropped");
  EXPECT_EQ(gap->id, JsonField(gap->data, "to"));

  const auto back = OpenAndWait("client_id=slow&last_event_id=" + JsonField(gap->data, "from"));
  EXPECT_EQ(Opened(*back, "resumed"), "true");
  ASSERT_TRUE(back->WaitForEvent("last").has_value());
  const StreamLog fetched = back->Log();
  std::vector<int> all;
  for (int i = 1; i <= 40; ++i) all.push_back(i);
  EXPECT_EQ(NumbersIn(fetched), all);
}

TEST_F(WaitingEvents, ThatAreRefusedAreCountedAndToldAtTheirPlace) {
  StartServer({"--outbox-bytes=128KiB", "--slow-consumer=drop-newest"});
  const auto slow = OpenFull("slow");
  std::string first_refused;
  int taken = 0;
  for (int i = 1; i <= 40; ++i) {
    const v1::Delivery delivery = SendToClient(Numbered("slow", i));
    EXPECT_EQ(delivery.connections() + delivery.dropped(), 1);
    if (delivery.dropped() == 0) taken = i;
    if (delivery.dropped() == 1 && first_refused.empty()) first_refused = delivery.event_id();
  }
  ASSERT_LT(taken, 20);
  const StreamLog log = ReadToEnd(*slow, "slow");
  std::vector<int> expected;
  for (int i = 1; i <= taken; ++i) expected.push_back(i);
  EXPECT_EQ(NumbersIn(log), expected);
  const ReceivedEvent* gap = log.Find("sluice.gap");
  ASSERT_NE(gap, nullptr);
  EXPECT_LT(JsonField(gap->data, "from"), first_refused);
  EXPECT_GE(JsonField(gap->data, "to"), first_refused);
}

TEST_F(WaitingEvents, AreReplacedByNewerOnesWithTheirKey) {
  StartServer();
  const auto slow = OpenFull("slow");
  for (int i = 1; i <= 50; ++i) {
    v1::SendToClientRequest request = Numbered("slow", i);
    request.mutable_options()->set_conflation_key(i % 2 == 0 ? "even" : "odd");
    EXPECT_EQ(SendToClient(request).connections(), 1);
  }
  const StreamLog log = ReadToEnd(*slow, "slow");
  EXPECT_EQ(NumbersIn(log), (std::vector<int>{49, 50}));
  EXPECT_EQ(log.Find("sluice.gap"), nullptr) << "a newer value is no loss";
}

TEST_F(WaitingEvents, AreNotSentAfterTheirTimeToLive) {
  StartServer();
  const auto slow = OpenFull("slow");
  v1::SendToClientRequest request = Numbered("slow", 1);
  request.mutable_options()->mutable_ttl()->set_nanos(1'000'000);
  EXPECT_EQ(SendToClient(request).connections(), 1);
  const absl::Time sent = absl::Now();
  EXPECT_EQ(SendToClient(Numbered("slow", 2)).connections(), 1);
  ASSERT_TRUE(Eventually([&] { return absl::Now() > sent + absl::Milliseconds(2); }));
  const StreamLog log = ReadToEnd(*slow, "slow");
  EXPECT_EQ(NumbersIn(log), std::vector<int>{2});
  EXPECT_EQ(log.Find("sluice.gap"), nullptr);
}

TEST_F(WaitingEvents, AreReplayedForTheirTimeToLive) {
  StartServer();
  const auto first = OpenAndWait("client_id=ada");
  v1::SendToClientRequest request = Numbered("ada", 1);
  request.mutable_options()->mutable_ttl()->set_nanos(700'000'000);
  SendToClient(request);
  SendToClient(Numbered("ada", 2));
  ASSERT_TRUE(ReceivesEvents(*first, 2));
  const std::string since = *first->Log().events[0].id;
  first->Close();
  const auto replayed = [&] {
    const auto back = OpenAndWait("client_id=ada&last_event_id=" + since);
    EXPECT_EQ(Opened(*back, "resumed"), "true");
    EXPECT_TRUE(back->WaitFor([](const StreamLog& log) {
      return !NumbersIn(log).empty() && NumbersIn(log).back() == 2;
    }));
    return NumbersIn(back->Log());
  };
  EXPECT_EQ(replayed(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(Eventually([&] { return replayed() == std::vector<int>{2}; }));
}

class MatchedMetadata : public DefaultServerTest {
 protected:
  void Set(const std::string& client_id, const std::string& plan, double seats) {
    v1::SetClientMetadataRequest request;
    request.set_client_id(client_id);
    request.set_allow_missing(true);
    auto& fields = *request.mutable_metadata()->mutable_fields();
    fields["plan"].set_string_value(plan);
    fields["seats"].set_number_value(seats);
    v1::SetClientMetadataResponse response;
    EXPECT_TRUE(Call(&Stub::SetClientMetadata, request, &response).ok());
  }

  std::int64_t Broadcast(const std::map<std::string, std::string>& match, const std::string& data) {
    v1::BroadcastRequest request;
    *request.mutable_event() = MakeEvent(data);
    request.mutable_options()->mutable_metadata_match()->insert(match.begin(), match.end());
    v1::BroadcastResponse response;
    EXPECT_TRUE(Call(&Stub::Broadcast, request, &response).ok());
    return response.delivery().connections();
  }
};

TEST_F(MatchedMetadata, DecidesWhoGetsAnEvent) {
  Set("ada", "pro", 3);
  const auto ada = OpenAndWait("client_id=ada");
  const auto bob = OpenAndWait("client_id=bob");
  const auto eve = OpenAndWait("client_id=eve");
  Set("bob", "free", 3);
  EXPECT_EQ(Broadcast({{"plan", "pro"}}, "for ada"), 1);
  EXPECT_EQ(Broadcast({{"seats", "3"}}, "for both"), 2);
  EXPECT_EQ(Broadcast({{"seats", "3"}, {"plan", "free"}}, "for bob"), 1);
  EXPECT_EQ(Broadcast({{"plan", "\"pro\""}}, "strings are bare"), 0);
  Set("bob", "pro", 3);
  EXPECT_EQ(Broadcast({{"plan", "pro"}}, "for both again"), 2);
  EXPECT_EQ(Broadcast({}, "for all"), 3);
  const auto data_of = [](const EventStream& stream) {
    std::vector<std::string> data;
    for (const ReceivedEvent& event : SentEvents(stream.Log())) data.push_back(event.data);
    return data;
  };
  using Data = std::vector<std::string>;
  ASSERT_TRUE(ReceivesEvents(*ada, 4));
  EXPECT_EQ(data_of(*ada), (Data{"for ada", "for both", "for both again", "for all"}));
  ASSERT_TRUE(ReceivesEvents(*bob, 4));
  EXPECT_EQ(data_of(*bob), (Data{"for both", "for bob", "for both again", "for all"}));
  ASSERT_TRUE(ReceivesEvents(*eve, 1));

  // On replay it is the metadata of then.
  const std::string since = *eve->Log().events[0].id;
  Set("eve", "free", 9);
  const auto back = OpenAndWait("client_id=eve&last_event_id=" + since);
  ASSERT_TRUE(ReceivesEvents(*back, 1));
  EXPECT_EQ(data_of(*back), Data{"for all"});
  Set("eve", "pro", 9);
  const auto again = OpenAndWait("client_id=eve&last_event_id=" + since);
  ASSERT_TRUE(ReceivesEvents(*again, 3));
  EXPECT_EQ(data_of(*again), (Data{"for ada", "for both again", "for all"}));
}

}  // namespace
}  // namespace sluice::tests
