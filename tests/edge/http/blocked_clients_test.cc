#include "edge/http/blocked_clients.h"

#include <gtest/gtest.h>

#include "tests/support/time/manual_clock.h"

namespace sluice {
namespace {

TEST(BlockedClients, AreBlockedForTheirTimeAlone) {
  tests::ManualClock clock;
  BlockedClients blocked(clock);
  EXPECT_FALSE(blocked.IsBlocked("ada"));
  blocked.Block("ada", absl::Seconds(10));
  blocked.Block("bob", absl::Seconds(5));
  EXPECT_TRUE(blocked.IsBlocked("ada"));
  EXPECT_FALSE(blocked.IsBlocked(""));
  clock.Advance(absl::Seconds(5));
  EXPECT_TRUE(blocked.IsBlocked("ada"));
  EXPECT_FALSE(blocked.IsBlocked("bob"));
  blocked.Block("ada", absl::Seconds(1));
  clock.Advance(absl::Seconds(1));
  EXPECT_FALSE(blocked.IsBlocked("ada")) << "the last call counts";
}

}  // namespace
}  // namespace sluice
