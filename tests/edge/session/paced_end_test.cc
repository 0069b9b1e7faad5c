#include "edge/session/paced_end.h"

#include <absl/container/flat_hash_set.h>
#include <absl/random/random.h>
#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

std::vector<ConnectionId> Streams(int count) {
  std::vector<ConnectionId> streams;
  for (int i = 0; i < count; ++i) streams.push_back(ConnectionId::Make(0));
  return streams;
}

class PacedEndTest : public testing::Test {
 protected:
  const absl::Duration start_ = absl::Seconds(100);
  absl::BitGen random_;
};

TEST_F(PacedEndTest, EndsEvenlyOverTheTime) {
  PacedEnd ends(Streams(100), absl::Seconds(10), start_, random_);
  EXPECT_TRUE(ends.TakeDue(start_).empty());
  for (int second = 1; second <= 10; ++second) {
    EXPECT_EQ(ends.TakeDue(start_ + absl::Seconds(second)).size(), 10U) << second;
  }
  EXPECT_TRUE(ends.TakeDue(start_ + absl::Seconds(11)).empty());
}

TEST_F(PacedEndTest, EndsAllAtOnceWithoutATime) {
  PacedEnd ends(Streams(7), absl::ZeroDuration(), start_, random_);
  EXPECT_EQ(ends.TakeDue(start_).size(), 7U);
}

TEST_F(PacedEndTest, EndsEachOnceInRandomOrder) {
  const std::vector<ConnectionId> streams = Streams(200);
  PacedEnd ends(streams, absl::Seconds(2), start_, random_);
  std::vector<ConnectionId> ended = ends.TakeDue(start_ + absl::Seconds(1));
  for (const ConnectionId id : ends.TakeDue(start_ + absl::Seconds(2))) ended.push_back(id);
  ASSERT_EQ(ended.size(), streams.size());
  EXPECT_NE(ended, streams);
  const absl::flat_hash_set<ConnectionId> once(ended.begin(), ended.end());
  EXPECT_EQ(once.size(), streams.size());
}

TEST_F(PacedEndTest, HasNothingToEndBeforeItIsGivenStreams) {
  PacedEnd ends;
  EXPECT_TRUE(ends.TakeDue(start_).empty());
}

}  // namespace
}  // namespace sluice
