#include "control/publish/publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/message/envelope.h"
#include "edge/base/mailbox.h"
#include "edge/edge.h"
#include "tests/support/backplane/late_backplane.h"
#include "tests/support/request/violated_fields.h"
#include "tests/support/time/manual_clock.h"
#include "tests/support/watched.h"

namespace sluice {
namespace {

using Answer = absl::StatusOr<v1::Delivery>;

class NobodyConnects : public ConnectionObserver, public Interest::Listener {
 public:
  void OnChannelSubscribed(ConnectionId) override {}
  void OnSubscribedAgain() override {}
  void OnChannelReleased(const std::string&) override {}
  void OnConnectionOpened(OpenedConnection) override {}
  void OnConnectionClosed(ConnectionId, EndReason) override {}
};

// A publisher whose thread is the test's, before an edge of one shard without streams.
class PublisherTest : public testing::Test {
 protected:
  PublisherTest() {
    EdgeOptions options;
    options.http = {boost::asio::ip::address_v4::loopback(), 0};
    edge_ = *Edge::Start(options, clock_, observer_);
    interest_.Hold("all", ConnectionId::Make(0));
    publisher_ = std::make_unique<Publisher>(
        "r1", io_context_, clock_, backplane_, *edge_, interest_, members_, history_, ring_,
        [this](absl::AnyInvocable<void()> task) { mailbox_.Push(std::move(task)); });
  }

  // The edge's thread posts to the mailbox, so it ends first.
  ~PublisherTest() override {
    OpenShard();
    edge_->Stop();
  }

  static PublishCommand Broadcast(const std::string& data) {
    internal::v1::EventMessage message;
    message.set_data(data);
    PublishCommand command;
    command.payload = EncodeEnvelope(std::move(message));
    return command;
  }

  // The answer comes into answers_[the call's place].
  void Publish(PublishCommand command) {
    const std::size_t place = answers_.size();
    answers_.emplace_back();
    publisher_->Publish(std::move(command), [this, place](Answer answer) {
      if (std::this_thread::get_id() == own_thread_) return TakeAnswer(place, std::move(answer));
      // The thread of the last shard has it.
      mailbox_.Push([this, place, answer = std::move(answer)]() mutable {
        TakeAnswer(place, std::move(answer));
      });
    });
  }

  void TakeAnswer(std::size_t place, Answer answer) {
    answered_.push_back(place);
    answers_[place] = std::move(answer);
  }

  // Lets the backplane take the oldest publish; `is_heard`: this replica is subscribed too.
  void AnswerPublish(int receivers, bool is_heard) {
    ASSERT_FALSE(backplane_.publishes().empty());
    auto publish = std::move(backplane_.publishes().front());
    backplane_.publishes().pop_front();
    const EventNumber number = {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, ++last_sequence_};
    const auto envelope = DecodeEnvelope(publish.message.payload);
    if (is_heard && envelope.ok() && envelope->has_event()) {
      publisher_->OnEvent(publish.message.channel, number, number.sequence, *envelope);
    }
    Backplane::Published published;
    published.number = number;
    published.receivers = receivers;
    publish.done(std::move(published));
  }

  // Runs the publisher's thread until holds(), which must come to pass.
  template <typename Predicate>
  bool RunUntil(Predicate holds) {
    const absl::Time deadline = absl::Now() + tests::kPatience;
    while (!holds()) {
      if (absl::Now() > deadline) return false;
      io_context_.restart();
      io_context_.run_one_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  bool IsAnswered(std::size_t place) const { return answers_[place].has_value(); }
  const v1::Delivery& Delivery(std::size_t place) const { return **answers_[place]; }

  // The shard's thread takes nothing until OpenShard.
  void CloseShard() {
    is_open_.Update([](bool& open) { open = false; });
    edge_->Describe({ConnectionId::Make(0)}, [this](std::vector<ConnectionDescription>) {
      is_open_.WaitFor([](bool open) { return open; }, tests::kPatience);
    });
  }
  void OpenShard() {
    is_open_.Update([](bool& open) { open = true; });
  }

  const std::thread::id own_thread_ = std::this_thread::get_id();
  tests::ManualClock clock_;
  tests::LateBackplane backplane_;
  NobodyConnects observer_;
  tests::Watched<bool> is_open_{true};
  boost::asio::io_context io_context_{1};
  Mailbox mailbox_{[this] { boost::asio::post(io_context_, [this] { mailbox_.Drain(); }); }};
  Interest interest_{backplane_, observer_};
  Members members_{"r1", clock_};
  const HistoryOptions history_;
  ResumeRing ring_{1 << 20};
  std::unique_ptr<Edge> edge_;
  std::unique_ptr<Publisher> publisher_;
  std::uint64_t last_sequence_ = 1'700'000'000'000'000;
  std::vector<std::optional<Answer>> answers_;
  std::vector<std::size_t> answered_;  // In the order in which the answers came.
};

TEST_F(PublisherTest, AnswersWithTheNumberWhenNobodyIsSubscribed) {
  Publish(Broadcast("x"));
  EXPECT_FALSE(IsAnswered(0));
  AnswerPublish(0, false);
  ASSERT_TRUE(IsAnswered(0));
  EXPECT_EQ(Delivery(0).event_id(), "abcdefgh-1700000000000001");
  EXPECT_TRUE(Delivery(0).has_connections());
  EXPECT_EQ(Delivery(0).connections(), 0);
  EXPECT_EQ(Delivery(0).replicas(), 0);
  EXPECT_EQ(Delivery(0).unconfirmed_replicas(), 0);
}

TEST_F(PublisherTest, AnswersAtOnceAndLeavesConnectionsUnsetWhenNotConfirmed) {
  PublishCommand command = Broadcast("x");
  command.is_confirmed = false;
  command.custom_id = "order-7";
  Publish(std::move(command));
  AnswerPublish(3, true);
  ASSERT_TRUE(IsAnswered(0));
  EXPECT_FALSE(Delivery(0).has_connections());
  EXPECT_EQ(Delivery(0).event_id(), "order-7");
}

TEST_F(PublisherTest, WaitsForTheAckOfItsOwnReplica) {
  CloseShard();
  Publish(Broadcast("x"));
  AnswerPublish(1, true);
  EXPECT_FALSE(IsAnswered(0));
  OpenShard();
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(0); }));
  EXPECT_EQ(Delivery(0).replicas(), 1);
  EXPECT_EQ(Delivery(0).connections(), 0);
  EXPECT_EQ(Delivery(0).unconfirmed_replicas(), 0);
}

TEST_F(PublisherTest, CountsReplicasThatDidNotConfirmInTime) {
  Publish(Broadcast("x"));
  AnswerPublish(3, true);
  clock_.Advance(Publisher::kConfirmationWait - absl::Milliseconds(1));
  // The ack of this replica comes, and deadlines are looked at meanwhile.
  ASSERT_TRUE(
      RunUntil([&, mark = absl::Now()] { return absl::Now() > mark + absl::Seconds(0.2); }));
  EXPECT_FALSE(IsAnswered(0));
  clock_.Advance(absl::Milliseconds(1));
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(0); }));
  EXPECT_EQ(Delivery(0).replicas(), 1);
  EXPECT_EQ(Delivery(0).unconfirmed_replicas(), 2);
}

TEST_F(PublisherTest, AnswersBeforeTheCallersDeadline) {
  PublishCommand command = Broadcast("x");
  command.deadline = clock_.Now() + absl::Seconds(1);
  Publish(std::move(command));
  AnswerPublish(2, false);
  clock_.Advance(absl::Seconds(1) - Publisher::kAnswerMargin);
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(0); }));
  EXPECT_EQ(Delivery(0).unconfirmed_replicas(), 2);
}

TEST_F(PublisherTest, DoesNotConfirmAMessageThatItCannotRead) {
  internal::v1::EventMessage unruly;
  unruly.set_name("two\nlines");
  for (const std::string& payload : {std::string("garbage"), EncodeEnvelope(unruly)}) {
    PublishCommand unreadable;
    unreadable.payload = payload;
    Publish(std::move(unreadable));
    AnswerPublish(1, true);
  }
  clock_.Advance(Publisher::kConfirmationWait);
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(0) && IsAnswered(1); }));
  for (const std::size_t place : {0U, 1U}) {
    EXPECT_EQ(Delivery(place).replicas(), 0);
    EXPECT_EQ(Delivery(place).unconfirmed_replicas(), 1);
  }
}

TEST_F(PublisherTest, PassesTheBackplanesErrorOn) {
  Publish(Broadcast("x"));
  backplane_.publishes().front().done(absl::UnavailableError("away"));
  ASSERT_TRUE(IsAnswered(0));
  EXPECT_EQ(answers_[0]->status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(PublisherTest, TellsOthersWhatBecameOfTheirEvents) {
  internal::v1::EventMessage message;
  message.set_data("x");
  std::string payload = EncodeEnvelope(message);
  AppendAckTo(payload, "r2");
  EventNumber number;
  for (const char* channel : {"all", "group:nobody"}) {
    ++number.sequence;
    publisher_->OnEvent(channel, number, number.sequence, *DecodeEnvelope(payload));
  }
  const auto acks_sent = [this] {
    std::set<std::uint64_t> sequences;
    for (const auto& [replica_id, sent] : backplane_.sent()) {
      EXPECT_EQ(replica_id, "r2");
      const auto envelope = DecodeEnvelope(sent);
      EXPECT_EQ(envelope->acks().replica_id(), "r1");
      for (const auto& ack : envelope->acks().acks()) sequences.insert(ack.sequence());
    }
    return sequences;
  };
  EXPECT_TRUE(RunUntil([&] { return acks_sent().size() == 2; }));
}

TEST_F(PublisherTest, AddsUpWhatOtherReplicasAcknowledge) {
  Publish(Broadcast("x"));
  AnswerPublish(2, false);
  internal::v1::Acks acks;
  acks.set_replica_id("r2");
  internal::v1::Ack& ack = *acks.add_acks();
  ack.set_sequence(last_sequence_);
  ack.set_entered(5);
  ack.set_dropped(1);
  publisher_->OnAcks(acks);
  EXPECT_FALSE(IsAnswered(0));
  publisher_->OnAcks(acks);
  ASSERT_TRUE(IsAnswered(0));
  EXPECT_EQ(Delivery(0).connections(), 10);
  EXPECT_EQ(Delivery(0).dropped(), 2);
  EXPECT_EQ(Delivery(0).replicas(), 2);
}

TEST_F(PublisherTest, WaitsOnlyAMomentWhenAllThatIsMissingHasGoneSilent) {
  publisher_->set_silent_replicas(1);
  Publish(Broadcast("x"));
  AnswerPublish(1, false);
  EXPECT_FALSE(IsAnswered(0));
  clock_.Advance(Publisher::kSilentWait);
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(0); }));
  EXPECT_EQ(Delivery(0).unconfirmed_replicas(), 1);
}

TEST_F(PublisherTest, SaysThatTheOutcomeIsUnknownAtTheCallersDeadline) {
  PublishCommand command = Broadcast("x");
  command.deadline = clock_.Now() + absl::Seconds(1);
  Publish(std::move(command));
  clock_.Advance(absl::Seconds(1) - Publisher::kAnswerMargin);
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(0); }));
  EXPECT_EQ(answers_[0]->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(tests::ReasonOf(answers_[0]->status()), "OUTCOME_UNKNOWN");
  AnswerPublish(0, false);
  EXPECT_EQ(answered_.size(), 1U) << "the backplane's answer came too late";
}

TEST_F(PublisherTest, AnswersARepeatedRequestWhenTheFirstHasItsAnswer) {
  PublishCommand command = Broadcast("x");
  command.claim = Backplane::Claim{"key", "fingerprint"};
  Publish(std::move(command));
  auto publish = std::move(backplane_.publishes().front());
  backplane_.publishes().pop_front();
  Backplane::Published published;
  published.earlier = Backplane::Earlier{"fingerprint", std::nullopt};
  publish.done(published);
  EXPECT_FALSE(IsAnswered(0)) << "the first still waits for acks";
  v1::Delivery first;
  first.set_event_id("abcdefgh-7");
  first.set_connections(3);
  backplane_.answers()["key"] = first.SerializeAsString();
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(0); }));
  EXPECT_EQ(Delivery(0).connections(), 3);
  EXPECT_TRUE(Delivery(0).replayed());
}

TEST_F(PublisherTest, KeepsTheAnswerOfARequestWithAnId) {
  PublishCommand command = Broadcast("x");
  command.claim = Backplane::Claim{"key", "fingerprint"};
  Publish(std::move(command));
  AnswerPublish(0, false);
  ASSERT_TRUE(IsAnswered(0));
  ASSERT_TRUE(RunUntil([&] { return backplane_.answers().contains("key"); }));
  v1::Delivery kept;
  ASSERT_TRUE(kept.ParseFromString(backplane_.answers()["key"]));
  EXPECT_EQ(kept.event_id(), Delivery(0).event_id());
}

// 70 events of 65,000 bytes are over kInFlightBytes.
class PublisherWindowTest : public PublisherTest {
 protected:
  // Publishes until one has to wait, behind a shard that takes nothing.
  void FillWindow() {
    CloseShard();
    const std::string data(65'000, 'x');
    while (true) {
      PublishCommand command = Broadcast(data);
      command.is_confirmed = false;
      Publish(std::move(command));
      if (backplane_.publishes().empty()) return;
      AnswerPublish(1, true);
    }
  }
};

TEST_F(PublisherWindowTest, LetsCommandsWaitInOrderWhileTooMuchIsOnItsWay) {
  FillWindow();
  const std::size_t waiting = answers_.size() - 1;
  EXPECT_GE(waiting, Publisher::kInFlightBytes / 66'000);
  for (int i = 0; i < 5; ++i) Publish(Broadcast("small"));
  EXPECT_TRUE(backplane_.publishes().empty()) << "a small one must not overtake";
  OpenShard();
  for (std::size_t i = 0; i < 6; ++i) {
    ASSERT_TRUE(RunUntil([&] { return !backplane_.publishes().empty(); }));
    AnswerPublish(0, false);
  }
  ASSERT_TRUE(RunUntil([&] { return answered_.size() == answers_.size(); }));
  for (std::size_t i = 0; i < answered_.size(); ++i) EXPECT_EQ(answered_[i], i);
}

TEST_F(PublisherWindowTest, SendsNothingWhoseDeadlineCameWhileItWaited) {
  FillWindow();
  PublishCommand late = Broadcast("late");
  late.deadline = clock_.Now() + absl::Seconds(1);
  Publish(std::move(late));
  const std::size_t place = answers_.size() - 1;
  clock_.Advance(absl::Seconds(2));
  OpenShard();
  ASSERT_TRUE(RunUntil([&] { return IsAnswered(place); }));
  EXPECT_EQ(answers_[place]->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(tests::ReasonOf(answers_[place]->status()), "NOT_SENT");
  ASSERT_EQ(backplane_.publishes().size(), 1U) << "only the one without a deadline is sent";
}

TEST_F(PublisherWindowTest, AnswersEverybodyWhenItStops) {
  Publish(Broadcast("unconfirmed"));
  AnswerPublish(2, false);
  FillWindow();
  publisher_->Stop();
  ASSERT_TRUE(IsAnswered(0));
  EXPECT_EQ(Delivery(0).unconfirmed_replicas(), 2);
  const std::size_t waiting = answers_.size() - 1;
  ASSERT_TRUE(IsAnswered(waiting));
  EXPECT_EQ(tests::ReasonOf(answers_[waiting]->status()), "NOT_SENT");
}

}  // namespace
}  // namespace sluice
