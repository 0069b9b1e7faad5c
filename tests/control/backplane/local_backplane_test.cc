#include "control/backplane/local/local_backplane.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/backplane/backplane_contract.h"
#include "tests/support/backplane/block_contract.h"
#include "tests/support/backplane/history_contract.h"
#include "tests/support/time/manual_clock.h"

namespace sluice {
namespace {

using tests::ManualClock;

// Everything is done when the call returns.
class LocalDriver {
 public:
  static constexpr absl::Duration kRecordTtl = absl::Minutes(10);
  static constexpr absl::Duration kClockError = absl::Milliseconds(1);

  Backplane& backplane() { return backplane_; }
  absl::Time Now() const { return clock_.Now(); }
  void Advance(absl::Duration time) { clock_.Advance(time); }
  void SetClockBack() { clock_.SetNow(clock_.Now() - absl::Hours(1)); }
  void Settle(const std::function<bool()>& holds) { EXPECT_TRUE(holds()); }

 private:
  ManualClock clock_;
  LocalBackplane backplane_{"r1", clock_, kRecordTtl, tests::SmallHistory()};
};

}  // namespace

namespace tests {

INSTANTIATE_TYPED_TEST_SUITE_P(Local, BackplaneContract, LocalDriver);
INSTANTIATE_TYPED_TEST_SUITE_P(Local, HistoryContract, LocalDriver);
INSTANTIATE_TYPED_TEST_SUITE_P(Local, BlockContract, LocalDriver);

}  // namespace tests

TEST(LocalBackplane, BeginsAnEpochOfItsOwn) {
  const tests::ManualClock clock;
  const LocalBackplane one("r1", clock, absl::Hours(1));
  const LocalBackplane other("r1", clock, absl::Hours(1));
  EXPECT_NE(one.position().epoch, other.position().epoch);
  EXPECT_TRUE(EventNumber::Parse(one.position().ToString()).has_value());
}

}  // namespace sluice
