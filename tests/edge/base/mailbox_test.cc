#include "edge/base/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/watched.h"

namespace sluice {
namespace {

TEST(Mailbox, RunsTasksInTheOrderOfThePushes) {
  Mailbox mailbox([] {});
  std::vector<int> ran;
  for (int i = 0; i < 5; ++i) mailbox.Push([&ran, i] { ran.push_back(i); });
  EXPECT_EQ(mailbox.Drain(), 5U);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(mailbox.Drain(), 0U);
}

TEST(Mailbox, WakesOnlyForThePushThatFindsItEmpty) {
  int wakes = 0;
  Mailbox mailbox([&wakes] { ++wakes; });
  mailbox.Push([] {});
  mailbox.Push([] {});
  EXPECT_EQ(wakes, 1);
  mailbox.Drain();
  mailbox.Push([] {});
  EXPECT_EQ(wakes, 2);
}

TEST(Mailbox, LeavesWhatATaskPushesToTheNextDrainAndWakesForIt) {
  int wakes = 0;
  Mailbox mailbox([&wakes] { ++wakes; });
  bool has_run = false;
  mailbox.Push([&] { mailbox.Push([&] { has_run = true; }); });
  EXPECT_EQ(mailbox.Drain(), 1U);
  EXPECT_FALSE(has_run);
  EXPECT_EQ(wakes, 2);
  EXPECT_EQ(mailbox.Drain(), 1U);
  EXPECT_TRUE(has_run);
}

TEST(Mailbox, FreesTasksThatNobodyRan) {
  const auto watched = std::make_shared<int>(1);
  {
    Mailbox mailbox([] {});
    mailbox.Push([watched] {});
    mailbox.Push([watched] {});
    EXPECT_EQ(watched.use_count(), 3);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Mailbox, FreesATaskBeforeTheNextOneRuns) {
  Mailbox mailbox([] {});
  auto watched = std::make_shared<int>(1);
  const std::weak_ptr<int> observer = watched;
  bool was_freed = false;
  mailbox.Push([kept = std::move(watched)] {});
  mailbox.Push([&] { was_freed = observer.expired(); });
  mailbox.Drain();
  EXPECT_TRUE(was_freed);
}

// Producers write plain data that the consumer reads, so that the thread sanitizer sees a missing
// release or acquire.
TEST(Mailbox, KeepsEachProducersOrderAndLosesNothing) {
  constexpr int kProducers = 4;
  constexpr int kTasks = 20'000;
  tests::Watched<int> wakes(0);
  Mailbox mailbox([&wakes] { wakes.Update([](int& count) { ++count; }); });
  std::vector<int> next(kProducers, 0);
  bool is_in_order = true;
  std::vector<std::thread> producers;
  for (int producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&, producer] {
      for (int i = 0; i < kTasks; ++i) {
        mailbox.Push([&, producer, number = std::make_unique<int>(i)] {
          is_in_order &= next[static_cast<std::size_t>(producer)]++ == *number;
        });
      }
    });
  }
  std::size_t ran = 0;
  int wakes_answered = 0;
  while (ran < std::size_t{kProducers} * kTasks) {
    ASSERT_TRUE(wakes.WaitFor([&](int count) { return count > wakes_answered; }, tests::kPatience))
        << "no wake came for what was pushed after a drain";
    ++wakes_answered;
    ran += mailbox.Drain();
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_TRUE(is_in_order);
  EXPECT_EQ(next, std::vector<int>(kProducers, kTasks));
}

}  // namespace
}  // namespace sluice
