#include "control/publish/caller_rates.h"

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include "tests/support/time/manual_clock.h"

namespace sluice::tests {
namespace {

class CallerRatesTest : public testing::Test {
 protected:
  ManualClock clock_;
};

TEST_F(CallerRatesTest, CountEachCallerByItself) {
  CallerRates rates(1, clock_);
  EXPECT_TRUE(rates.Take("billing").ok());
  EXPECT_FALSE(rates.Take("billing").ok());
  EXPECT_TRUE(rates.Take("chat").ok());
}

TEST_F(CallerRatesTest, TellWhenToTryAgain) {
  CallerRates rates(2, clock_);
  EXPECT_TRUE(rates.Take("billing").ok());
  EXPECT_TRUE(rates.Take("billing").ok());
  const absl::Status status = rates.Take("billing");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "this caller may publish 2 events a second");
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.RetryInfo");
  ASSERT_TRUE(payload.has_value());
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(retry.ParseFromString(std::string(*payload)));
  EXPECT_EQ(retry.retry_delay().seconds(), 0);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  clock_.Advance(absl::Milliseconds(501));
  EXPECT_TRUE(rates.Take("billing").ok());
}

TEST_F(CallerRatesTest, StillBoundACallerAfterThousandsOfOthers) {
  CallerRates rates(1, clock_);
  EXPECT_TRUE(rates.Take("billing").ok());
  for (int i = 0; i < 5000; ++i) EXPECT_TRUE(rates.Take(std::to_string(i)).ok());
  EXPECT_FALSE(rates.Take("billing").ok());
}

}  // namespace
}  // namespace sluice::tests
