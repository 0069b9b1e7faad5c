#include "control/cluster/interest.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/backplane/late_backplane.h"

namespace sluice {
namespace {

using tests::LateBackplane;
using Calls = std::vector<std::string>;

class InterestTest : public testing::Test, public Interest::Listener {
 protected:
  // A new connection of that shard holds the channel; `confirmed` counts what it is told.
  void Hold(const std::string& channel, int shard, int& confirmed) {
    const ConnectionId id = ConnectionId::Make(shard);
    counters_[id] = &confirmed;
    holders_[{channel, shard}].push_back(id);
    interest_.Hold(channel, id);
  }

  // The connection of that shard that has held the channel longest leaves.
  void Release(const std::string& channel, int shard) {
    auto& holders = holders_[{channel, shard}];
    const ConnectionId id = holders.front();
    holders.erase(holders.begin());
    interest_.Release(channel, id);
  }

  void OnChannelSubscribed(ConnectionId id) override {
    ++*counters_.at(id);
    if (when_told_ != nullptr) std::exchange(when_told_, nullptr)();
  }
  void OnSubscribedAgain() override { ++caught_up_; }
  void OnChannelReleased(const std::string& name) override { released_.push_back(name); }

  LateBackplane backplane_;
  Interest interest_{backplane_, *this};
  std::map<ConnectionId, int*> counters_;
  std::map<std::pair<std::string, int>, std::vector<ConnectionId>> holders_;
  std::function<void()> when_told_;  // Once.
  int confirmed_ = 0;
  std::vector<std::string> released_;
  int caught_up_ = 0;
};

TEST_F(InterestTest, SubscribesForTheFirstHolderOnly) {
  Hold("group:a", 0, confirmed_);
  Hold("group:a", 0, confirmed_);
  Hold("group:a", 3, confirmed_);
  EXPECT_EQ(backplane_.calls(), Calls{"subscribe group:a"});
}

TEST_F(InterestTest, UnsubscribesOnlyWhenTheLastHolderLeaves) {
  Hold("group:a", 0, confirmed_);
  Hold("group:a", 0, confirmed_);
  Hold("group:a", 1, confirmed_);
  Release("group:a", 0);
  Release("group:a", 1);
  EXPECT_EQ(backplane_.calls().size(), 1U);
  Release("group:a", 0);
  EXPECT_EQ(backplane_.calls(), (Calls{"subscribe group:a", "unsubscribe group:a"}));
}

TEST_F(InterestTest, ConfirmsEveryHolderOnceAndOnlyWhenTheSubscriptionHolds) {
  Hold("group:a", 0, confirmed_);
  Hold("group:a", 1, confirmed_);
  EXPECT_EQ(confirmed_, 0);
  backplane_.ConfirmOldest();
  EXPECT_EQ(confirmed_, 2);
  Hold("group:a", 2, confirmed_);
  EXPECT_EQ(confirmed_, 3) << "the subscription holds already";
  EXPECT_FALSE(backplane_.has_unconfirmed());
}

TEST_F(InterestTest, KnowsTheShardsOfAChannelFromTheHoldOn) {
  Hold("group:a", 2, confirmed_);
  Hold("group:a", 2, confirmed_);
  Hold("group:a", 0, confirmed_);
  EXPECT_EQ(interest_.ShardsOf("group:a"), (std::vector<int>{2, 0}));
  Release("group:a", 2);
  EXPECT_EQ(interest_.ShardsOf("group:a"), (std::vector<int>{2, 0}));
  Release("group:a", 2);
  EXPECT_EQ(interest_.ShardsOf("group:a"), std::vector<int>{0});
  Release("group:a", 0);
  EXPECT_TRUE(interest_.ShardsOf("group:a").empty());
  EXPECT_TRUE(interest_.ShardsOf("group:never").empty());
}

TEST_F(InterestTest, KeepsChannelsApart) {
  Hold("group:a", 0, confirmed_);
  int confirmed_b = 0;
  Hold("group:b", 0, confirmed_b);
  backplane_.ConfirmOldest();
  EXPECT_EQ(confirmed_, 1);
  EXPECT_EQ(confirmed_b, 0);
}

TEST_F(InterestTest, ForgetsAConfirmationThatComesAfterTheRelease) {
  Hold("group:a", 0, confirmed_);
  Release("group:a", 0);
  backplane_.ConfirmOldest();
  EXPECT_EQ(confirmed_, 0);
}

// Leave and join again before the first confirmation came: that one was of a subscription that has
// been ended since, and a stream told live by it would miss what comes before the next one holds.
TEST_F(InterestTest, WaitsForTheConfirmationOfItsOwnSubscription) {
  int first = 0;
  Hold("group:a", 0, first);
  Release("group:a", 0);
  Hold("group:a", 0, confirmed_);
  EXPECT_EQ(backplane_.calls(),
            (Calls{"subscribe group:a", "unsubscribe group:a", "subscribe group:a"}));
  backplane_.ConfirmOldest();
  EXPECT_EQ(confirmed_, 0) << "confirmed by the subscription that was ended";
  backplane_.ConfirmOldest();
  EXPECT_EQ(confirmed_, 1);
  EXPECT_EQ(first, 0);
}

TEST_F(InterestTest, LetsAConfirmationHoldAndReleaseChannels) {
  int first = 0;
  Hold("group:a", 0, first);
  Hold("group:a", 1, confirmed_);
  when_told_ = [this] {
    Release("group:a", 0);
    for (int i = 0; i < 100; ++i) Hold("group:" + std::to_string(i), 0, confirmed_);
  };
  backplane_.ConfirmOldest();
  EXPECT_EQ(confirmed_, 1);
  EXPECT_EQ(interest_.ShardsOf("group:a"), std::vector<int>{1});
}

TEST_F(InterestTest, SubscribesEverythingAgainAfterAnInterruption) {
  Hold("group:a", 0, confirmed_);
  Hold("group:b", 1, confirmed_);
  backplane_.ConfirmOldest();
  backplane_.ConfirmOldest();
  interest_.OnInterrupted();
  EXPECT_TRUE(interest_.is_catching_up());
  EXPECT_EQ(backplane_.calls().size(), 4U);
  backplane_.ConfirmOldest();
  EXPECT_EQ(caught_up_, 0);
  backplane_.ConfirmOldest();
  EXPECT_EQ(caught_up_, 1);
  EXPECT_FALSE(interest_.is_catching_up());
  EXPECT_EQ(confirmed_, 2) << "who is live already is not told again";
}

// A stream let in by the first channel that is back would miss what comes for its others.
TEST_F(InterestTest, ConfirmsNobodyWhileItCatchesUp) {
  Hold("group:a", 0, confirmed_);
  Hold("group:b", 0, confirmed_);
  backplane_.ConfirmOldest();
  backplane_.ConfirmOldest();
  interest_.OnInterrupted();
  backplane_.ConfirmOldest();
  int late = 0;
  Hold("group:a", 0, late);
  Hold("group:b", 0, late);
  Hold("group:c", 0, late);
  EXPECT_EQ(late, 0);
  backplane_.ConfirmOldest();
  EXPECT_EQ(caught_up_, 1);
  EXPECT_EQ(late, 2);
  backplane_.ConfirmOldest();
  EXPECT_EQ(late, 3);
}

TEST_F(InterestTest, CatchesUpByTheReleaseOfWhatIsMissing) {
  Hold("group:a", 0, confirmed_);
  Hold("group:b", 0, confirmed_);
  interest_.OnInterrupted();
  Release("group:a", 0);
  EXPECT_EQ(caught_up_, 0);
  Release("group:b", 0);
  EXPECT_EQ(caught_up_, 1);
  EXPECT_FALSE(interest_.is_catching_up());
}

TEST_F(InterestTest, BearsASecondInterruptionWhileItCatchesUp) {
  Hold("group:a", 0, confirmed_);
  backplane_.ConfirmOldest();
  interest_.OnInterrupted();
  interest_.OnInterrupted();
  backplane_.ConfirmOldest();
  EXPECT_EQ(caught_up_, 0) << "that was the confirmation of a connection that is gone";
  backplane_.ConfirmOldest();
  EXPECT_EQ(caught_up_, 1);
}

// While Redis is away nothing is confirmed, and streams come and go.
TEST_F(InterestTest, ForgetsWhoLeftBeforeTheConfirmation) {
  int gone = 0;
  Hold("all", 0, confirmed_);
  Hold("all", 1, gone);
  Release("all", 1);
  backplane_.ConfirmOldest();
  EXPECT_EQ(confirmed_, 1);
  EXPECT_EQ(gone, 0);
}

}  // namespace
}  // namespace sluice
