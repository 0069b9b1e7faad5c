#include "edge/base/rate_limit.h"

#include <gtest/gtest.h>

namespace sluice::tests {
namespace {

constexpr absl::Duration kStart = absl::Hours(1);

int TakeAll(RateLimit& rate, absl::Duration uptime) {
  int count = 0;
  while (count < 1000 && rate.Take(uptime)) ++count;
  return count;
}

TEST(RateLimit, LetsASecondsWorthThroughAtOnceAndThenAtItsRate) {
  RateLimit rate(10);
  EXPECT_EQ(TakeAll(rate, kStart), 10);
  EXPECT_EQ(TakeAll(rate, kStart + absl::Milliseconds(99)), 0);
  EXPECT_EQ(TakeAll(rate, kStart + absl::Milliseconds(350)), 3);
}

TEST(RateLimit, SavesUpNoMoreThanASecondsWorth) {
  RateLimit rate(10);
  EXPECT_EQ(TakeAll(rate, kStart), 10);
  EXPECT_EQ(TakeAll(rate, kStart + absl::Hours(1)), 10);
}

TEST(RateLimit, TellsHowLongToWait) {
  RateLimit rate(4);
  EXPECT_EQ(rate.Wait(), absl::ZeroDuration());
  EXPECT_EQ(TakeAll(rate, kStart), 4);
  EXPECT_EQ(rate.Wait(), absl::Milliseconds(250));
  EXPECT_FALSE(rate.Take(kStart + absl::Milliseconds(249)));
  EXPECT_TRUE(rate.Take(kStart + absl::Milliseconds(251)));
}

TEST(RateLimit, IsFullAgainAfterASecond) {
  RateLimit rate(10);
  EXPECT_EQ(TakeAll(rate, kStart), 10);
  EXPECT_FALSE(rate.IsFull(kStart + absl::Milliseconds(900)));
  EXPECT_TRUE(rate.IsFull(kStart + absl::Milliseconds(1001)));
}

TEST(RateLimit, OfLessThanOneASecondLetsTheFirstThrough) {
  RateLimit rate(0.5);
  EXPECT_EQ(TakeAll(rate, kStart), 1);
  EXPECT_FALSE(rate.Take(kStart + absl::Seconds(1)));
  EXPECT_TRUE(rate.Take(kStart + absl::Milliseconds(2001)));
}

TEST(RateLimit, OfZeroLetsEverythingThrough) {
  RateLimit rate(0);
  EXPECT_EQ(TakeAll(rate, kStart), 1000);
}

}  // namespace
}  // namespace sluice::tests
