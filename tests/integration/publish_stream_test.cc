#include <absl/time/clock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

class PublishStream : public DefaultServerTest {
 protected:
  // One call over which requests go.
  struct Publisher {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishResponse>> call;
  };

  std::unique_ptr<Publisher> Start() {
    auto publisher = std::make_unique<Publisher>();
    publisher->context.set_deadline(std::chrono::system_clock::now() +
                                    absl::ToChronoSeconds(kPatience));
    publisher->call = control().Publish(&publisher->context);
    return publisher;
  }
};

v1::PublishRequest ToGroup(const std::string& group, const std::string& data) {
  v1::PublishRequest request;
  request.set_group(group);
  *request.mutable_event() = MakeEvent(data);
  return request;
}

TEST_F(PublishStream, ABadEntryFailsAloneAndAnswersComeInOrder) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  const auto publisher = Start();
  v1::PublishRequest to_client;
  to_client.set_client_id("alice");
  *to_client.mutable_event() = MakeEvent("one");
  v1::PublishRequest bad = ToGroup("news", "two");
  bad.mutable_event()->set_event("a\nb");
  v1::PublishRequest to_all;
  to_all.set_broadcast(true);
  *to_all.mutable_event() = MakeEvent("four");
  for (const v1::PublishRequest& request : {to_client, bad, ToGroup("news", "three"), to_all}) {
    ASSERT_TRUE(publisher->call->Write(request));
  }
  publisher->call->WritesDone();
  std::vector<v1::PublishResponse> answers(4);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(publisher->call->Read(&answers[i])) << "answer " << i << " never came";
  }
  v1::PublishResponse none;
  EXPECT_FALSE(publisher->call->Read(&none));
  const grpc::Status status = publisher->call->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();

  ASSERT_TRUE(answers[1].has_error()) << answers[1].DebugString();
  EXPECT_EQ(answers[1].error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedFields(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "",
                                        answers[1].error().SerializeAsString())),
            std::vector<std::string>{"event.event"});
  ASSERT_TRUE(ReceivesEvents(*stream, 3));
  const std::vector<ReceivedEvent> events = SentEvents(stream->Log());
  std::size_t next = 0;
  for (const std::size_t i : {0U, 2U, 3U}) {
    ASSERT_TRUE(answers[i].has_delivery()) << answers[i].DebugString();
    EXPECT_EQ(answers[i].delivery().event_id(), events[next].id);
    // Unspecified means published here.
    EXPECT_FALSE(answers[i].delivery().has_connections());
    ++next;
  }
  EXPECT_EQ(events[0].data + events[1].data + events[2].data, "onethreefour");
}

// Once the first answer went out with a hint that more follow, while the head of the call had not
// been sent: gRPC then held both back for ever. It takes a second entry that is answered sooner
// than the first, which a bad one often is; hence many calls.
TEST_F(PublishStream, AnEntryThatIsAnsweredSoonerDoesNotHoldTheCall) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  v1::PublishRequest counted = ToGroup("news", "x");
  counted.mutable_options()->set_confirmation(v1::CONFIRMATION_QUEUED);
  v1::PublishRequest bad = counted;
  bad.mutable_event()->set_event("a\nb");
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 100; ++i) {
    const auto publisher = Start();
    ASSERT_TRUE(publisher->call->Write(counted, grpc::WriteOptions().set_buffer_hint()));
    ASSERT_TRUE(publisher->call->Write(bad));
    publisher->call->WritesDone();
    v1::PublishResponse answer;
    ASSERT_TRUE(publisher->call->Read(&answer)) << "call " << i << " got no answer";
    EXPECT_EQ(answer.delivery().connections(), 1) << answer.DebugString();
    ASSERT_TRUE(publisher->call->Read(&answer)) << "call " << i << " got one answer";
    EXPECT_TRUE(answer.has_error()) << answer.DebugString();
    EXPECT_TRUE(publisher->call->Finish().ok());
    ASSERT_LT(absl::Now() - begin, absl::Seconds(10)) << "answers are held back; call " << i;
  }
}

TEST_F(PublishStream, QueuedEntriesAreCounted) {
  OpenAndWait("client_id=alice&group=news");
  const auto publisher = Start();
  v1::PublishRequest request = ToGroup("news", "x");
  request.mutable_options()->set_confirmation(v1::CONFIRMATION_QUEUED);
  ASSERT_TRUE(publisher->call->Write(request));
  v1::PublishResponse answer;
  ASSERT_TRUE(publisher->call->Read(&answer)) << "no answer while the stream is open";
  EXPECT_EQ(answer.delivery().connections(), 1) << answer.DebugString();
  publisher->call->WritesDone();
  EXPECT_TRUE(publisher->call->Finish().ok());
}

TEST_F(PublishStream, ATargetIsNeededAndABroadcastMustBeTrue) {
  const auto publisher = Start();
  v1::PublishRequest none;
  *none.mutable_event() = MakeEvent("x");
  v1::PublishRequest no_broadcast = none;
  no_broadcast.set_broadcast(false);
  for (const v1::PublishRequest& request : {none, no_broadcast}) {
    ASSERT_TRUE(publisher->call->Write(request));
    v1::PublishResponse answer;
    ASSERT_TRUE(publisher->call->Read(&answer));
    EXPECT_EQ(answer.error().code(), grpc::StatusCode::INVALID_ARGUMENT) << answer.DebugString();
  }
  publisher->call->WritesDone();
  EXPECT_TRUE(publisher->call->Finish().ok());
}

// More entries than may be unanswered, from a publisher that reads late.
TEST_F(PublishStream, ThousandsOfEntriesTakeEffectInTheOrderWritten) {
  constexpr int kEntries = 5000;
  const auto stream = OpenAndWait("client_id=alice&group=news");
  const auto publisher = Start();
  std::thread writer([&] {
    for (int i = 0; i < kEntries; ++i) {
      if (!publisher->call->Write(ToGroup("news", std::to_string(i)))) break;
    }
    publisher->call->WritesDone();
  });
  int answers = 0;
  std::vector<std::string> ids;
  for (v1::PublishResponse answer; publisher->call->Read(&answer); ++answers) {
    ids.push_back(answer.delivery().event_id());
  }
  writer.join();
  const grpc::Status status = publisher->call->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answers, kEntries);
  ASSERT_TRUE(ReceivesEvents(*stream, kEntries));
  const std::vector<ReceivedEvent> events = SentEvents(stream->Log());
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].data, std::to_string(i));
    ASSERT_EQ(events[i].id, ids[i]);
  }
}

TEST_F(PublishStream, APublisherThatLeavesHarmsNobody) {
  const auto stream = OpenAndWait("client_id=alice&group=news");
  for (int i = 0; i < 5; ++i) {
    const auto publisher = Start();
    for (int k = 0; k < 100; ++k) publisher->call->Write(ToGroup("news", "x"));
    publisher->context.TryCancel();
    EXPECT_EQ(publisher->call->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(SendToGroup("news", MakeEvent("last")).connections(), 1);
  EXPECT_TRUE(stream->WaitFor([](const StreamLog& log) {
    return !log.events.empty() && log.events.back().data == "last";
  })) << stream->Log().Describe();
}

}  // namespace
}  // namespace sluice::tests
