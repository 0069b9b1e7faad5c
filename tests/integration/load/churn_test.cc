#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/load/numbered_stream.h"
#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

constexpr int kGroups = 10;
constexpr int kClients = 2500;

// One call and what it answered.
struct Publish {
  enum class Kind { kClient, kGroup, kBroadcast };
  Kind kind;
  std::string name;
  std::uint64_t sequence = 0;
  std::int64_t connections = 0;

  bool IsFor(const NumberedStream& stream) const {
    if (kind == Kind::kBroadcast) return true;
    if (kind == Kind::kClient) return stream.client_id() == name;
    return stream.groups().contains(name);
  }
};

class Churn : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (!IsSkipped()) StartServer({"--shards=2"});
  }

  NumberedStream& OpenRandom(std::mt19937& random) {
    std::set<std::string> groups;
    const auto group_count = random() % 3;
    for (unsigned i = 0; i < group_count; ++i) groups.insert(absl::StrCat("g", random() % kGroups));
    numbered_.emplace_back(streams(), server().http_port(), absl::StrCat("c", random() % kClients),
                           std::move(groups));
    return numbered_.back();
  }

  Publish RandomPublish(std::mt19937& random) {
    const auto dice = random() % 100;
    if (dice < 5) return {Publish::Kind::kBroadcast, ""};
    if (dice < 40) return {Publish::Kind::kGroup, absl::StrCat("g", random() % kGroups)};
    return {Publish::Kind::kClient, absl::StrCat("c", random() % kClients)};
  }

  grpc::Status Call(const Publish& publish, const v1::Event& event, v1::Delivery& delivery) {
    if (publish.kind == Publish::Kind::kBroadcast) {
      v1::BroadcastRequest request;
      *request.mutable_event() = event;
      return CallFor<v1::BroadcastResponse>(&Stub::Broadcast, request, delivery);
    }
    if (publish.kind == Publish::Kind::kGroup) {
      v1::SendToGroupRequest request;
      request.set_group(publish.name);
      *request.mutable_event() = event;
      return CallFor<v1::SendToGroupResponse>(&Stub::SendToGroup, request, delivery);
    }
    v1::SendToClientRequest request;
    request.set_client_id(publish.name);
    *request.mutable_event() = event;
    return CallFor<v1::SendToClientResponse>(&Stub::SendToClient, request, delivery);
  }

  template <typename Response, typename Rpc, typename Request>
  grpc::Status CallFor(Rpc rpc, const Request& request, v1::Delivery& delivery) {
    Response response;
    const grpc::Status status = ServerTest::Call(rpc, request, &response);
    delivery = response.delivery();
    return status;
  }

  // Sends the event and notes the answer.
  void Send(Publish publish, int serial) {
    v1::Delivery delivery;
    const grpc::Status status = Call(publish, MakeEvent(absl::StrCat(serial)), delivery);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const auto number = EventNumber::Parse(delivery.event_id());
    ASSERT_TRUE(number.has_value()) << delivery.event_id();
    EXPECT_EQ(delivery.unconfirmed_replicas(), 0);
    EXPECT_EQ(delivery.dropped(), 0);
    publish.sequence = number->sequence;
    publish.connections = delivery.connections();
    published_.Update([&](auto& published) { published.emplace(serial, publish); });
  }

  // Compares every stream's log with what was published for it, and every answer with the logs.
  void CheckLogs(int last_serial) {
    const std::map<int, Publish> published = published_.Copy();
    std::map<std::uint64_t, const Publish*> by_sequence;
    for (const auto& [serial, publish] : published) by_sequence[publish.sequence] = &publish;
    std::map<int, std::int64_t> receipts;
    for (NumberedStream& stream : numbered_) {
      const NumberedStream::Log log = stream.log();
      ASSERT_EQ(log.mistake, "") << stream.client_id();
      const bool is_whole = !log.received.empty() && log.received.back().serial == last_serial;
      if (log.received.empty()) continue;
      std::vector<std::uint64_t> expected;
      for (auto at = by_sequence.upper_bound(log.joined_at);
           at != by_sequence.end() && at->first <= log.received.back().sequence; ++at) {
        if (at->second->IsFor(stream)) expected.push_back(at->first);
      }
      std::vector<std::uint64_t> got;
      for (const NumberedStream::Received& event : log.received) {
        got.push_back(event.sequence);
        ++receipts[event.serial];
      }
      ASSERT_EQ(got, expected) << "holes or doubles on a stream of " << stream.client_id();
      whole_count_ += is_whole ? 1 : 0;
    }
    for (const auto& [serial, publish] : published) {
      EXPECT_EQ(publish.connections, receipts[serial]) << "the answer for event " << serial;
    }
  }

  Watched<std::map<int, Publish>> published_;
  std::deque<NumberedStream> numbered_;
  int whole_count_ = 0;
};

TEST_F(Churn, EveryStreamGetsItsEventsInOrderOnceAndAnswersEqualTheLogs) {
  constexpr int kStreams = 5000;
  constexpr int kCallers = 4;
  constexpr int kCallsEach = 250;  // And more until so many streams have come and gone.
  constexpr int kChurnMin = 21;
  std::mt19937 random(20261121);
  for (int i = 0; i < kStreams; ++i) OpenRandom(random);
  for (NumberedStream& stream : numbered_) ASSERT_TRUE(stream.WaitForOpen());

  std::atomic<int> callers_left = kCallers;  // Counted down by callers, read by this thread.
  std::atomic<int> churned = 0;              // Counted up by this thread, read by callers.
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([this, caller, &callers_left, &churned] {
      std::mt19937 own_random(static_cast<unsigned>(caller));
      for (int i = 0; i < kCallsEach || churned < kChurnMin; ++i) {
        Send(RandomPublish(own_random), i * kCallers + caller);
      }
      --callers_left;
    });
  }
  // Streams come and go meanwhile. A half-close lets the log go on to the server's last byte, so
  // that every event that was counted must be in it.
  std::size_t oldest_open = 0;
  while (callers_left > 0) {
    numbered_[oldest_open++].stream().HalfClose();
    ASSERT_TRUE(OpenRandom(random).WaitForOpen());
    ++churned;
  }
  for (std::thread& caller : callers) caller.join();

  constexpr int kLast = 1'000'000;
  Send({Publish::Kind::kBroadcast, ""}, kLast);
  const std::size_t still_open = numbered_.size() - oldest_open;
  for (std::size_t i = 0; i < numbered_.size(); ++i) {
    if (i < oldest_open) {
      ASSERT_TRUE(numbered_[i].stream().WaitForEnd());
    } else {
      ASSERT_TRUE(numbered_[i].WaitForSerial(kLast)) << "a stream missed the last event";
    }
  }
  CheckLogs(kLast);
  EXPECT_EQ(published_.Copy().at(kLast).connections, static_cast<std::int64_t>(still_open));
  EXPECT_EQ(whole_count_, static_cast<int>(still_open));
  EXPECT_GT(churned, 20) << "too little churn to show anything";
}

TEST_F(Churn, StreamsThatResetInTheMiddleOfAFanOutHarmNoOther) {
  constexpr int kStreams = 2000;
  constexpr int kBroadcasts = 40;
  std::mt19937 random(7);
  for (int i = 0; i < kStreams; ++i) OpenRandom(random);
  for (NumberedStream& stream : numbered_) ASSERT_TRUE(stream.WaitForOpen());
  std::thread publisher([this] {
    for (int serial = 0; serial < kBroadcasts; ++serial) {
      Send({Publish::Kind::kBroadcast, ""}, serial);
    }
  });
  for (int i = 0; i < kStreams; i += 2) numbered_[static_cast<std::size_t>(i)].stream().Reset();
  publisher.join();
  for (int i = 1; i < kStreams; i += 2) {
    const NumberedStream& stream = numbered_[static_cast<std::size_t>(i)];
    ASSERT_TRUE(stream.WaitForSerial(kBroadcasts - 1));
    const NumberedStream::Log log = stream.log();
    EXPECT_EQ(log.mistake, "");
    EXPECT_EQ(log.received.size(), static_cast<std::size_t>(kBroadcasts));
  }
}

}  // namespace
}  // namespace sluice::tests
