#include "edge/session/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t kNoLimit = 1'000'000;

class TestTimer : public TimerWheel::Timer {
 public:
  explicit TestTimer(std::function<void()> on_deadline = [] {})
      : on_deadline_(std::move(on_deadline)) {}
  void OnDeadline() override {
    ++calls_;
    on_deadline_();
  }
  int calls() const { return calls_; }

 private:
  std::function<void()> on_deadline_;
  int calls_ = 0;
};

TEST(TimerWheel, CallsATimerInItsTickAndOnce) {
  TimerWheel wheel;
  TestTimer timer;
  wheel.Schedule(timer, 3);
  EXPECT_TRUE(timer.is_scheduled());
  wheel.Advance(2, kNoLimit);
  EXPECT_EQ(timer.calls(), 0);
  wheel.Advance(3, kNoLimit);
  EXPECT_EQ(timer.calls(), 1);
  EXPECT_FALSE(timer.is_scheduled());
  wheel.Advance(5000, kNoLimit);
  EXPECT_EQ(timer.calls(), 1);
}

TEST(TimerWheel, RoundsDelaysUpToTicksAndToOneAtLeast) {
  TimerWheel wheel;
  wheel.Advance(10, kNoLimit);
  EXPECT_EQ(wheel.After(absl::ZeroDuration()), 11U);
  EXPECT_EQ(wheel.After(-absl::Seconds(5)), 11U);
  EXPECT_EQ(wheel.After(absl::Milliseconds(100)), 11U);
  EXPECT_EQ(wheel.After(absl::Milliseconds(101)), 12U);
  EXPECT_EQ(wheel.After(absl::Hours(1)), 36'010U);
}

TEST(TimerWheel, WaitsTurnsForADistantDeadline) {
  TimerWheel wheel;
  TestTimer timer;
  constexpr TimerWheel::Tick kDeadline = 5 * 1024 + 7;
  wheel.Schedule(timer, kDeadline);
  for (TimerWheel::Tick tick = 1; tick < kDeadline; ++tick) wheel.Advance(tick, kNoLimit);
  EXPECT_EQ(timer.calls(), 0);
  wheel.Advance(kDeadline, kNoLimit);
  EXPECT_EQ(timer.calls(), 1);
}

TEST(TimerWheel, FindsEveryDueTimerAfterAPauseOfTurns) {
  TimerWheel wheel;
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (TimerWheel::Tick deadline = 1; deadline <= 6000; deadline += 7) {
    timers.push_back(std::make_unique<TestTimer>());
    wheel.Schedule(*timers.back(), deadline);
  }
  wheel.Advance(5000, kNoLimit);
  for (const auto& timer : timers) {
    if (timer->is_scheduled()) {
      EXPECT_GT(timer->deadline(), 5000U);
    } else {
      EXPECT_EQ(timer->calls(), 1);
      EXPECT_LE(timer->deadline(), 5000U);
    }
  }
}

TEST(TimerWheel, GoesOnWhereItStoppedForTooManyCalls) {
  TimerWheel wheel;
  std::vector<std::unique_ptr<TestTimer>> timers;
  int calls = 0;
  for (int i = 0; i < 10; ++i) {
    timers.push_back(std::make_unique<TestTimer>([&calls] { ++calls; }));
    wheel.Schedule(*timers.back(), i < 7 ? 1 : 2);
  }
  EXPECT_FALSE(wheel.Advance(2, 4));
  EXPECT_EQ(calls, 4);
  EXPECT_FALSE(wheel.Advance(2, 4));
  EXPECT_EQ(calls, 8);
  EXPECT_TRUE(wheel.Advance(2, 4));
  EXPECT_EQ(calls, 10);
}

TEST(TimerWheel, StillReachesTimersWhenItStopsOftenAndTimePassesMeanwhile) {
  TimerWheel wheel;
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (int i = 0; i < 3000; ++i) {
    timers.push_back(std::make_unique<TestTimer>());
    wheel.Schedule(*timers.back(), static_cast<TimerWheel::Tick>(i));
  }
  TimerWheel::Tick now = 0;
  while (now < 6000) {
    now += 17;
    wheel.Advance(now, 10);
  }
  EXPECT_TRUE(wheel.Advance(now, kNoLimit));
  for (const auto& timer : timers) EXPECT_EQ(timer->calls(), 1);
}

TEST(TimerWheel, TakesANewDeadlineInPlaceOfTheOld) {
  TimerWheel wheel;
  TestTimer timer;
  wheel.Schedule(timer, 3);
  wheel.Schedule(timer, 8);
  wheel.Advance(7, kNoLimit);
  EXPECT_EQ(timer.calls(), 0);
  wheel.Advance(8, kNoLimit);
  EXPECT_EQ(timer.calls(), 1);
}

TEST(TimerWheel, CallsATimerWithAPastDeadlineInTheNextTick) {
  TimerWheel wheel;
  wheel.Advance(100, kNoLimit);
  TestTimer timer;
  wheel.Schedule(timer, 5);
  EXPECT_EQ(timer.deadline(), 101U);
  wheel.Advance(101, kNoLimit);
  EXPECT_EQ(timer.calls(), 1);
}

TEST(TimerWheel, LetsATimerScheduleItselfAgain) {
  TimerWheel wheel;
  TestTimer* self = nullptr;
  TestTimer timer([&] { wheel.Schedule(*self, wheel.After(absl::Seconds(1))); });
  self = &timer;
  wheel.Schedule(timer, 1);
  for (TimerWheel::Tick tick = 1; tick <= 101; ++tick) wheel.Advance(tick, kNoLimit);
  EXPECT_EQ(timer.calls(), 11);
}

TEST(TimerWheel, LetsATimerUnlinkAndScheduleItsNeighbours) {
  TimerWheel wheel;
  TestTimer victim;
  TestTimer latecomer;
  TestTimer first([&] {
    victim.Unlink();
    wheel.Schedule(latecomer, 1);
  });
  wheel.Schedule(first, 1);
  wheel.Schedule(victim, 1);
  wheel.Advance(1, kNoLimit);
  EXPECT_EQ(first.calls(), 1);
  EXPECT_EQ(victim.calls(), 0);
  EXPECT_EQ(latecomer.calls(), 1);
}

TEST(TimerWheel, LetsATimerDestroyItselfAndItsNeighbours) {
  TimerWheel wheel;
  std::vector<std::unique_ptr<TestTimer>> timers;
  int calls = 0;
  for (int i = 0; i < 3; ++i) {
    timers.push_back(std::make_unique<TestTimer>([&] {
      ++calls;
      auto doomed = std::move(timers);
    }));
    wheel.Schedule(*timers.back(), 1);
  }
  wheel.Advance(1, kNoLimit);
  EXPECT_EQ(calls, 1);
}

TEST(TimerWheel, ForgetsADestroyedTimer) {
  TimerWheel wheel;
  TestTimer stays;
  {
    TestTimer goes;
    wheel.Schedule(goes, 2);
    wheel.Schedule(stays, 2);
  }
  wheel.Advance(2, kNoLimit);
  EXPECT_EQ(stays.calls(), 1);
}

TEST(TimerWheel, CallsEachTimerOnceAndNeverEarlyOverRandomSchedules) {
  std::mt19937 random(3);
  TimerWheel wheel;
  std::vector<std::unique_ptr<TestTimer>> timers;
  std::vector<TimerWheel::Tick> expected(200, 0);
  std::vector<TimerWheel::Tick> called(200, 0);
  for (std::size_t i = 0; i < 200; ++i) {
    timers.push_back(std::make_unique<TestTimer>([&, i] { called[i] = wheel.now(); }));
  }
  for (TimerWheel::Tick now = 1; now < 10'000; ++now) {
    const std::size_t i = random() % 200;
    if (!timers[i]->is_scheduled()) {
      // The last one, if any, came in its tick.
      ASSERT_EQ(called[i], expected[i]);
      expected[i] = wheel.now() + 1 + random() % 3000;
      wheel.Schedule(*timers[i], expected[i]);
    }
    ASSERT_TRUE(wheel.Advance(now, kNoLimit));
  }
}

}  // namespace
}  // namespace sluice
