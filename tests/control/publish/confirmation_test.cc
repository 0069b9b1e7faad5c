#include "control/publish/confirmation.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace {

class ConfirmationTest : public testing::Test {
 protected:
  void Expect(int acks, int deaf = 0) {
    v1::Delivery delivery;
    delivery.set_event_id("7");
    confirmation_.Expect(acks, deaf, std::move(delivery),
                         [this](absl::StatusOr<v1::Delivery> answer) {
                           ++answers_;
                           answer_ = *std::move(answer);
                         });
  }

  Confirmation confirmation_;
  int answers_ = 0;
  v1::Delivery answer_;
};

TEST_F(ConfirmationTest, AnswersWithTheSumAtTheLastAck) {
  Expect(2);
  confirmation_.Acknowledge({3, 1});
  EXPECT_FALSE(confirmation_.is_answered());
  confirmation_.Acknowledge({4, 0});
  EXPECT_TRUE(confirmation_.is_answered());
  EXPECT_EQ(answer_.event_id(), "7");
  EXPECT_EQ(answer_.connections(), 7);
  EXPECT_EQ(answer_.dropped(), 1);
  EXPECT_EQ(answer_.replicas(), 2);
  EXPECT_EQ(answer_.unconfirmed_replicas(), 0);
}

TEST_F(ConfirmationTest, TakesAcksThatComeBeforeTheirNumberIsKnown) {
  confirmation_.Acknowledge({3, 0});
  confirmation_.Acknowledge({4, 0});
  EXPECT_EQ(answers_, 0);
  Expect(2);
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.connections(), 7);
}

// The answer said that -1 replicas had not confirmed.
TEST_F(ConfirmationTest, CountsNobodyAsUnconfirmedWhenMoreAcksCame) {
  confirmation_.Acknowledge({3, 0});
  confirmation_.Acknowledge({4, 0});
  Expect(1);
  EXPECT_EQ(answer_.replicas(), 2);
  EXPECT_EQ(answer_.unconfirmed_replicas(), 0);
}

TEST_F(ConfirmationTest, AnswersWithWhatHasComeWhenItGivesUp) {
  Expect(3);
  confirmation_.Acknowledge({5, 0});
  confirmation_.GiveUp();
  EXPECT_EQ(answer_.connections(), 5);
  EXPECT_EQ(answer_.unconfirmed_replicas(), 2);
}

TEST_F(ConfirmationTest, AnswersOnce) {
  confirmation_.GiveUp();
  EXPECT_EQ(answers_, 0) << "there is nobody to answer yet";
  Expect(1);
  confirmation_.Acknowledge({1, 0});
  confirmation_.Acknowledge({1, 0});
  confirmation_.GiveUp();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.connections(), 1);
}

TEST_F(ConfirmationTest, AnswersOnceWhenAcksComeFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kAcks = 1000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int ack = 0; ack < kAcks; ++ack) confirmation_.Acknowledge({1, 0});
    });
  }
  Expect(kThreads * kAcks);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.connections(), kThreads * kAcks);
}

TEST_F(ConfirmationTest, CountsDeafReplicasAsUnconfirmed) {
  Expect(1, 2);
  confirmation_.Acknowledge({3, 0});
  EXPECT_EQ(answer_.replicas(), 1);
  EXPECT_EQ(answer_.unconfirmed_replicas(), 2);
}

TEST_F(ConfirmationTest, GivesUpOnSilentReplicasOnlyWhenNobodyElseIsMissing) {
  Expect(3);
  confirmation_.Acknowledge({1, 0});
  confirmation_.GiveUpOnSilent(1);
  EXPECT_EQ(answers_, 0);
  confirmation_.Acknowledge({1, 0});
  confirmation_.GiveUpOnSilent(1);
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(answer_.unconfirmed_replicas(), 1);
}

}  // namespace
}  // namespace sluice
