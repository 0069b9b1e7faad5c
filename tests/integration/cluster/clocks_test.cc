#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// Three replicas whose clocks are an hour behind, right, and an hour ahead.
class ClocksAnHourApart : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (IsSkipped()) return;
    for (const char* shift : {"-1h", "+0", "+1h"}) {
      StartReplica({}, "",
                   {{"LD_PRELOAD", SLUICE_LIBFAKETIME},
                    {"FAKETIME", shift},
                    {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}});
    }
  }

  v1::SendToClientResponse Send(std::size_t index, const std::string& data, int ttl_s) {
    v1::SendToClientRequest request;
    request.set_client_id("ada");
    *request.mutable_event() = MakeEvent(data);
    request.mutable_options()->mutable_ttl()->set_seconds(ttl_s);
    v1::SendToClientResponse response;
    const grpc::Status status = Call(index, &Stub::SendToClient, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(ClocksAnHourApart, ChangeNoTimeToLive) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (std::size_t i = 0; i < 3; ++i) streams.push_back(Open(i, "client_id=ada"));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Send(i, absl::StrCat("by ", i), 30).delivery().connections(), 3);
  }
  for (const auto& stream : streams) EXPECT_TRUE(ReceivesEvents(*stream, 3));
}

TEST_F(ClocksAnHourApart, LoseNothingOfAResumeAndReplayNothingThatIsOver) {
  auto stream = Open(1, "client_id=ada");
  ASSERT_TRUE(ReceivesEvents(*stream, 0));
  const std::string last_id = stream->Log().events.back().last_event_id;
  stream->Close();
  for (std::size_t i = 0; i < 3; ++i) {
    Send(i, absl::StrCat("short ", i), 1);
    Send(i, absl::StrCat("long ", i), 600);
  }
  // Until the short ones are over: by a stream that would be given them.
  EXPECT_TRUE(Eventually([&] {
    const auto fresh = Open(0, "client_id=ada&last_event_id=" + last_id);
    return ReceivesEvents(*fresh, 3) && SentEvents(fresh->Log())[0].data == "long 0";
  }));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto resumed = Open(i, "client_id=ada&last_event_id=" + last_id);
    ASSERT_TRUE(ReceivesEvents(*resumed, 3));
    const auto events = SentEvents(resumed->Log());
    ASSERT_EQ(events.size(), 3U) << i;
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(events[k].data, absl::StrCat("long ", k));
    EXPECT_EQ(resumed->Log().Find("sluice.gap"), nullptr);
  }
}

TEST_F(ClocksAnHourApart, ChangeNoOrderOfIds) {
  const auto stream = Open(0, "client_id=ada");
  std::string last;
  for (std::size_t i = 0; i < 30; ++i) {
    const auto sent = SendToClient(2 - i % 3, "ada", absl::StrCat(i));
    ASSERT_EQ(sent.delivery.connections(), 1);
    EXPECT_GT(sent.delivery.event_id(), last);
    last = sent.delivery.event_id();
  }
  ASSERT_TRUE(ReceivesEvents(*stream, 30));
  const auto events = SentEvents(stream->Log());
  for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(events[i].data, absl::StrCat(i));
}

TEST_F(ClocksAnHourApart, ChangeNoBlockAndHideNoReplica) {
  const auto ada = Open(0, "client_id=ada");
  v1::DisconnectClientRequest request;
  request.set_client_id("ada");
  request.mutable_block_for()->set_seconds(2);
  v1::DisconnectClientResponse response;
  ASSERT_TRUE(Call(2, &Stub::DisconnectClient, request, &response).ok());
  EXPECT_EQ(response.connections(), 1);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(StatusOfConnect(i, "ada"), 204) << i;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(Eventually([&] { return StatusOfConnect(i, "ada") == 200; })) << i;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    v1::ListReplicasResponse replicas;
    ASSERT_TRUE(Call(i, &Stub::ListReplicas, {}, &replicas).ok());
    ASSERT_EQ(replicas.replicas_size(), 3) << i;
    std::set<std::int64_t> seen;
    std::set<std::int64_t> started;
    for (const v1::Replica& one : replicas.replicas()) {
      seen.insert(one.last_seen().seconds());
      started.insert(one.start_time().seconds());
    }
    EXPECT_GE(*started.rbegin() - *started.begin(), 7000) << "by their own clocks";
    EXPECT_LE(*seen.rbegin() - *seen.begin(), 5) << "by the clock of the one that is asked";
  }
}

}  // namespace
}  // namespace sluice::tests
