#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "edge/names/connection_id.h"
#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/process/user_memory.h"

namespace sluice::tests {
namespace {

constexpr int kEventBytes = 50'000;

class SlowReader : public ServerTest {
 protected:
  std::shared_ptr<EventStream> OpenReader(const std::string& client_id) {
    StreamRequest request = GetEvents("/events?client_id=" + client_id);
    request.keep_events = false;
    return OpenAndWait(std::move(request));
  }

  // Reads nothing until it is told to.
  std::shared_ptr<EventStream> OpenStopped(const std::string& client_id) {
    StreamRequest request = GetEvents("/events?client_id=" + client_id);
    request.receive_buffer_bytes = 4096;
    auto stream = OpenAndWait(std::move(request));
    stream->PauseReading();
    return stream;
  }

  std::shared_ptr<EventStream> OpenAndWait(StreamRequest request) {
    auto stream = streams().Open(server().http_port(), std::move(request));
    EXPECT_TRUE(stream->WaitForEventCount(1)) << "no sluice.open";
    return stream;
  }

  // The server tells nobody that it has given a stream up but those who ask.
  bool IsConnected(const std::string& client_id) {
    v1::GetClientRequest request;
    v1::GetClientResponse response;
    request.set_client_id(client_id);
    return Call(&Stub::GetClient, request, &response).error_code() != grpc::NOT_FOUND;
  }

  v1::Delivery BroadcastLargeEvent() {
    v1::BroadcastRequest request;
    *request.mutable_event() = MakeEvent(std::string(kEventBytes, 'x'));
    v1::BroadcastResponse response;
    const grpc::Status status = Call(&Stub::Broadcast, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.delivery();
  }
};

TEST_F(SlowReader, IsEndedAloneWithMemoryBoundedAndTheOthersGetEverything) {
  StartServer({"--outbox-bytes=256KiB", "--write-timeout=60s"});
  constexpr int kOthers = 20;
  constexpr int kEvents = 400;  // 20 MB to each.
  const auto slow = OpenStopped("slow");
  std::vector<std::shared_ptr<EventStream>> others;
  for (int i = 0; i < kOthers; ++i) others.push_back(OpenReader(absl::StrCat("c", i)));

  const std::int64_t memory_before = UserMemoryBytes(server().process().pid());
  std::int64_t dropped = 0;
  for (int i = 1; i <= kEvents; ++i) {
    dropped += BroadcastLargeEvent().dropped();
    for (const auto& other : others) {
      ASSERT_TRUE(other->WaitForEventCount(1 + i)) << other->Log().Describe();
    }
  }
  EXPECT_EQ(dropped, 1) << "the event over which the slow stream was ended";
  EXPECT_LT(UserMemoryBytes(server().process().pid()) - memory_before, 64 << 20);

  slow->ResumeReading();
  ASSERT_TRUE(slow->WaitForEnd());
  const StreamLog log = slow->Log();
  ASSERT_FALSE(log.events.empty());
  // What it got is whole events and then the reason: no event was cut in the middle.
  EXPECT_EQ(log.events.back().event, "sluice.end") << log.Describe();
  EXPECT_EQ(log.events.back().data, R"({"reason":"slow"})");
  for (std::size_t i = 1; i + 1 < log.events.size(); ++i) {
    EXPECT_EQ(log.events[i].data.size(), static_cast<std::size_t>(kEventBytes));
  }
}

TEST_F(SlowReader, EndsTheFullestStreamsWhenTheSumOfOutboxesIsOverItsLimit) {
  StartServer({"--outbox-bytes=1MiB", "--outbox-total-bytes=8MiB", "--write-timeout=60s"});
  constexpr int kStopped = 40;
  std::vector<std::shared_ptr<EventStream>> stopped;
  for (int i = 0; i < kStopped; ++i) {
    stopped.push_back(OpenStopped(absl::StrCat("s", i)));
  }
  const auto reader = OpenReader("reader");
  constexpr int kEvents = 18;  // 0.9 MB to each: none goes over its own limit.
  for (int i = 1; i <= kEvents; ++i) {
    BroadcastLargeEvent();
    ASSERT_TRUE(reader->WaitForEventCount(1 + i));
  }

  v1::ListClientsRequest request;
  v1::ListClientsResponse response;
  request.set_view(v1::CLIENT_VIEW_FULL);
  ASSERT_TRUE(Call(&Stub::ListClients, request, &response).ok());
  std::int64_t queued = 0;
  for (const v1::Client& client : response.clients()) {
    for (const v1::Connection& connection : client.connections())
      queued += connection.queued_bytes();
  }
  EXPECT_LE(queued, 8 << 20);
  EXPECT_GT(queued, 1 << 20) << "more streams were ended than needed";
  EXPECT_GT(response.clients_size(), 1) << "only the fullest had to go";
}

// Once the shard that went over the sum ended every stream of its own that had anything waiting,
// while those that held almost all of it, on the other shard, stayed.
TEST_F(SlowReader, OfAnotherShardIsEndedBeforeStreamsThatHoldLittle) {
  StartServer(
      {"--shards=2", "--outbox-bytes=4MiB", "--outbox-total-bytes=8MiB", "--write-timeout=60s"});
  constexpr std::size_t kFull = 3;
  constexpr std::size_t kOthers = 10;
  std::vector<std::shared_ptr<EventStream>> stopped;
  std::vector<std::string> by_shard[2];
  while (by_shard[0].size() < kFull || by_shard[1].size() < kOthers) {
    const std::string client_id = absl::StrCat("c", stopped.size());
    stopped.push_back(OpenStopped(client_id));
    const auto id = ConnectionId::Parse(Opened(*stopped.back(), "connection_id"));
    ASSERT_TRUE(id.has_value());
    by_shard[id->shard_index()].push_back(client_id);
  }
  by_shard[0].resize(kFull);
  by_shard[1].resize(kOthers);
  const v1::Event event = MakeEvent(std::string(kEventBytes, 'x'));
  for (const std::string& client_id : by_shard[0]) {
    for (int i = 0; i < 54; ++i) SendToClient(client_id, event);  // 2.7 MB each.
  }
  for (const std::string& client_id : by_shard[1]) {
    EXPECT_EQ(SendToClient(client_id, event).connections(), 1);
  }
  EXPECT_TRUE(Eventually([&] {
    std::size_t gone = 0;
    for (const std::string& client_id : by_shard[0]) gone += IsConnected(client_id) ? 0 : 1;
    return gone == 1;
  })) << "the fullest stays";
  for (const std::string& client_id : by_shard[1]) EXPECT_TRUE(IsConnected(client_id));
}

TEST_F(SlowReader, IsEndedWhenItTakesNothingForTheWriteTimeout) {
  StartServer({"--write-timeout=1s", "--heartbeat=500ms"});
  const auto slow = OpenStopped("slow");
  for (int i = 0; i < 4; ++i) BroadcastLargeEvent();
  const auto reader = OpenReader("reader");
  EXPECT_TRUE(Eventually([this] { return !IsConnected("slow"); }));
  EXPECT_EQ(BroadcastLargeEvent().connections(), 1);
  EXPECT_TRUE(reader->WaitForEventCount(2));
}

}  // namespace
}  // namespace sluice::tests
