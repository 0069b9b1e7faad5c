#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// Streams that come back, to any replica.
class ResumeTest : public ClusterTest {
 protected:
  // A stream as a browser opens it that has seen `last_id`.
  std::shared_ptr<EventStream> Resume(std::size_t index, const std::string& query,
                                      const std::string& last_id) {
    return Open(index, query + "&last_event_id=" + last_id);
  }

  // The data of the events that are the callers' own, in order.
  static std::vector<std::string> DataOf(const EventStream& stream) {
    std::vector<std::string> data;
    for (const ReceivedEvent& event : stream.Log().events) {
      if (event.event.rfind("sluice.", 0) != 0) data.push_back(event.data);
    }
    return data;
  }

  static bool WaitForData(const EventStream& stream, std::size_t count) {
    return Eventually([&] { return DataOf(stream).size() >= count; }, absl::Seconds(10));
  }

  static std::string LastId(const EventStream& stream) {
    const StreamLog log = stream.Log();
    return log.events.empty() ? "" : log.events.back().last_event_id;
  }

  static std::vector<std::string> Numbers(int from, int to) {
    std::vector<std::string> numbers;
    for (int i = from; i <= to; ++i) numbers.push_back(std::to_string(i));
    return numbers;
  }

  void SendSome(std::size_t index, int from, int to) {
    for (int i = from; i <= to; ++i) {
      const std::string data = std::to_string(i);
      const Outcome sent = i % 3 == 0   ? Broadcast(index, data)
                           : i % 3 == 1 ? SendToClient(index, "ada", data)
                                        : SendToGroup(index, "news", data);
      ASSERT_TRUE(sent.status.ok()) << sent.status.error_message();
    }
  }
};

TEST_F(ResumeTest, AStreamGetsWhatItMissedFromTheReplicaThatItWasOn) {
  StartReplicas(1);
  auto stream = Open(0, "client_id=ada&group=news");
  SendSome(0, 1, 3);
  ASSERT_TRUE(WaitForData(*stream, 3));
  const std::string last_id = LastId(*stream);
  stream->Close();
  SendSome(0, 4, 9);
  const auto resumed = Resume(0, "client_id=ada&group=news", last_id);
  ASSERT_TRUE(WaitForData(*resumed, 6)) << resumed->Log().Describe();
  SendSome(0, 10, 10);
  ASSERT_TRUE(WaitForData(*resumed, 7));
  EXPECT_EQ(DataOf(*resumed), Numbers(4, 10));
  EXPECT_EQ(resumed->Log().Find("sluice.gap"), nullptr) << resumed->Log().Describe();
  EXPECT_EQ(resumed->Log().events[0].id, last_id);
  EXPECT_NE(resumed->Log().events[0].data.find("\"resumed\":true"), std::string::npos);
}

TEST_F(ResumeTest, AStreamGetsWhatItMissedFromAnyOtherReplica) {
  StartReplicas(2);
  auto stream = Open(0, "client_id=ada&group=news");
  SendSome(1, 1, 3);
  ASSERT_TRUE(WaitForData(*stream, 3));
  const std::string last_id = LastId(*stream);
  stream->Close();
  SendSome(0, 4, 9);
  const auto resumed = Resume(1, "client_id=ada&group=news", last_id);
  ASSERT_TRUE(WaitForData(*resumed, 6)) << resumed->Log().Describe();
  SendSome(0, 10, 12);
  ASSERT_TRUE(WaitForData(*resumed, 9));
  EXPECT_EQ(DataOf(*resumed), Numbers(4, 12));
  EXPECT_EQ(resumed->Log().Find("sluice.gap"), nullptr) << resumed->Log().Describe();
}

TEST_F(ResumeTest, AStreamThatNeverGotAnEventResumesFromItsPosition) {
  StartReplicas(2);
  auto stream = Open(0, "client_id=ada");
  const std::string joined = LastId(*stream);
  ASSERT_FALSE(joined.empty());
  stream->Close();
  SendSome(1, 1, 1);
  const auto resumed = Resume(1, "client_id=ada", joined);
  ASSERT_TRUE(WaitForData(*resumed, 1)) << resumed->Log().Describe();
  EXPECT_EQ(DataOf(*resumed), Numbers(1, 1));
}

TEST_F(ResumeTest, AQuietStreamIsToldPositions) {
  StartReplica({"--heartbeat", "500ms"});
  const auto stream = Open(0, "client_id=ada");
  const auto position = stream->WaitForEvent("sluice.position");
  ASSERT_TRUE(position.has_value());
  EXPECT_GT(position->last_event_id, stream->Log().events[0].last_event_id);
}

TEST_F(ResumeTest, ABrokenSubscriptionLosesNothingAndIsNoGap) {
  StartReplicas(2);
  const auto one = Open(0, "client_id=ada&group=news");
  const auto two = Open(1, "client_id=ada&group=news");
  for (int round = 0; round < 5; ++round) {
    SendSome(round % 2, round * 20 + 1, round * 20 + 10);
    Redis({"CLIENT", "KILL", "TYPE", "pubsub"});
    SendSome(round % 2, round * 20 + 11, round * 20 + 20);
  }
  ASSERT_TRUE(WaitForData(*one, 100)) << one->Log().Describe();
  ASSERT_TRUE(WaitForData(*two, 100)) << two->Log().Describe();
  EXPECT_EQ(DataOf(*one), Numbers(1, 100));
  EXPECT_EQ(DataOf(*two), Numbers(1, 100));
  EXPECT_EQ(one->Log().Find("sluice.gap"), nullptr) << one->Log().Describe();
  EXPECT_EQ(two->Log().Find("sluice.gap"), nullptr) << two->Log().Describe();
}

TEST_F(ResumeTest, WhatWasTrimmedIsToldBeforeWhatIsLeft) {
  StartReplica({"--history-size", "5"});
  auto stream = Open(0, "client_id=ada");
  const std::string joined = LastId(*stream);
  stream->Close();
  for (int i = 1; i <= 10; ++i) ASSERT_TRUE(SendToClient(0, "ada", std::to_string(i)).status.ok());
  const auto resumed = Resume(0, "client_id=ada", joined);
  ASSERT_TRUE(WaitForData(*resumed, 5));
  EXPECT_EQ(DataOf(*resumed), Numbers(6, 10));
  const StreamLog log = resumed->Log();
  ASSERT_GE(log.events.size(), 2U);
  EXPECT_EQ(log.events[1].event, "sluice.gap");
  EXPECT_EQ(log.events[1].id, std::nullopt);
  EXPECT_NE(log.events[1].data.find("\"trimmed\""), std::string::npos);
}

TEST_F(ResumeTest, AnotherRunOfRedisIsToldAsAnotherEpoch) {
  StartReplicas(1);
  auto stream = Open(0, "client_id=ada");
  const std::string joined = LastId(*stream);
  stream->Close();
  redis().Kill();
  redis().Start();
  ASSERT_TRUE(Eventually([&] { return Broadcast(0, "1").status.ok(); }));
  const auto resumed = Resume(0, "client_id=ada", joined);
  const auto gap = resumed->WaitForEvent("sluice.gap");
  ASSERT_TRUE(gap.has_value()) << resumed->Log().Describe();
  EXPECT_NE(gap->data.find("epoch_changed"), std::string::npos);
}

TEST_F(ResumeTest, EarliestAsksForAllThatIsKept) {
  StartReplicas(2);
  SendSome(0, 1, 9);
  const auto stream = Resume(1, "client_id=ada&group=news", "earliest");
  ASSERT_TRUE(WaitForData(*stream, 9)) << stream->Log().Describe();
  EXPECT_EQ(DataOf(*stream), Numbers(1, 9));
}

TEST_F(ResumeTest, ACustomIdIsAnIdToResumeFrom) {
  StartReplicas(2);
  v1::SendToClientRequest request;
  request.set_client_id("ada");
  *request.mutable_event() = MakeEvent("0", "", "order-17");
  v1::SendToClientResponse response;
  ASSERT_TRUE(Call(0, &Stub::SendToClient, request, &response).ok());
  SendSome(0, 1, 5);
  const auto resumed = Resume(1, "client_id=ada&group=news", "order-17");
  ASSERT_TRUE(WaitForData(*resumed, 5)) << resumed->Log().Describe();
  EXPECT_EQ(DataOf(*resumed), Numbers(1, 5));
  EXPECT_EQ(resumed->Log().Find("sluice.gap"), nullptr);
  const auto unknown = Resume(1, "client_id=ada", "order-18");
  const auto gap = unknown->WaitForEvent("sluice.gap");
  ASSERT_TRUE(gap.has_value());
  EXPECT_NE(gap->data.find("unknown_id"), std::string::npos);
}

TEST_F(ResumeTest, AnEphemeralEventIsNeverReplayed) {
  StartReplicas(1);
  auto stream = Open(0, "client_id=ada");
  const std::string joined = LastId(*stream);
  stream->Close();
  v1::SendToClientRequest request;
  request.set_client_id("ada");
  *request.mutable_event() = MakeEvent("ephemeral");
  request.mutable_options()->set_ephemeral(true);
  v1::SendToClientResponse response;
  ASSERT_TRUE(Call(0, &Stub::SendToClient, request, &response).ok());
  SendSome(0, 1, 1);
  const auto resumed = Resume(0, "client_id=ada", joined);
  ASSERT_TRUE(WaitForData(*resumed, 1));
  EXPECT_EQ(DataOf(*resumed), Numbers(1, 1));
}

TEST_F(ResumeTest, WhatIsKeptCanBeListedByAnyReplica) {
  StartReplicas(2);
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(SendToGroup(0, "news", std::to_string(i)).status.ok());
  v1::ListHistoryRequest request;
  request.set_group("news");
  request.set_page_size(2);
  std::vector<std::string> listed;
  std::string last_id;
  do {
    v1::ListHistoryResponse page;
    ASSERT_TRUE(Call(1, &Stub::ListHistory, request, &page).ok());
    EXPECT_LE(page.events_size(), 2);
    for (const v1::HistoryEvent& kept : page.events()) {
      EXPECT_GT(kept.event_id(), last_id);
      EXPECT_GT(kept.time().seconds(), 1'700'000'000);
      last_id = kept.event_id();
      listed.push_back(kept.event().data());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, Numbers(1, 5));
}

TEST_F(ResumeTest, AListOfWhatIsKeptNeedsATarget) {
  StartReplicas(1);
  v1::ListHistoryRequest request;
  request.set_page_size(-1);
  v1::ListHistoryResponse page;
  const grpc::Status status = Call(0, &Stub::ListHistory, request, &page);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("target"), std::string::npos) << status.error_message();
  EXPECT_NE(status.error_message().find("page_size"), std::string::npos);
}

TEST_F(ResumeTest, ALargeReplayComesInPages) {
  StartReplica({"--history-size", "2000", "--history-bytes", "16MiB", "--outbox-bytes", "256KiB"});
  StartReplica({"--history-size", "2000", "--history-bytes", "16MiB", "--outbox-bytes", "256KiB"});
  auto stream = Open(0, "client_id=ada");
  const std::string joined = LastId(*stream);
  stream->Close();
  const std::string padding(10'000, 'x');
  for (int i = 1; i <= 500; ++i) {
    ASSERT_TRUE(SendToClient(0, "ada", std::to_string(i) + padding).status.ok());
  }
  const auto resumed = Resume(1, "client_id=ada", joined);
  ASSERT_TRUE(WaitForData(*resumed, 500)) << resumed->Log().Describe();
  const auto data = DataOf(*resumed);
  ASSERT_EQ(data.size(), 500U);
  for (int i = 1; i <= 500; ++i) EXPECT_EQ(data[i - 1], std::to_string(i) + padding);
}

}  // namespace
}  // namespace sluice::tests
