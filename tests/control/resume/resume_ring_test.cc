#include "control/resume/resume_ring.h"

#include <gtest/gtest.h>

#include "tests/support/stream/frames.h"

namespace sluice {
namespace {

class ResumeRingTest : public testing::Test {
 protected:
  void Add(const std::string& channel, std::uint64_t sequence, std::size_t bytes = 10) {
    OrderedEvent event = tests::DataEvent(std::string(bytes, 'x'), sequence);
    event.number.sequence = sequence;
    ring_.Add(channel, event);
  }

  std::optional<std::vector<std::uint64_t>> Read(const std::vector<ResumeSpan>& spans) {
    const auto events = ring_.Read(spans);
    if (!events.has_value()) return std::nullopt;
    std::vector<std::uint64_t> sequences;
    for (const OrderedEvent& event : *events) sequences.push_back(event.number.sequence);
    return sequences;
  }

  using Sequences = std::vector<std::uint64_t>;

  ResumeRing ring_{100'000};
};

TEST_F(ResumeRingTest, ServesAChannelOnlyFromWhereItIsCovered) {
  EXPECT_EQ(Read({{"a", 0}}), std::nullopt);
  ring_.Record("a");
  EXPECT_EQ(Read({{"a", 100}}), std::nullopt);
  ring_.Cover("a", 10);
  EXPECT_EQ(Read({{"a", 9}}), std::nullopt);
  EXPECT_EQ(Read({{"a", 10}}), Sequences());
}

// What came between a read and its answer was lost once: the ring took nothing before Cover.
TEST_F(ResumeRingTest, KeepsWhatCameBeforeTheChannelWasCovered) {
  ring_.Record("a");
  Add("a", 11);
  Add("a", 12);
  ring_.Cover("a", 11);
  EXPECT_EQ(Read({{"a", 11}}), (Sequences{12}));
  EXPECT_EQ(Read({{"a", 10}}), std::nullopt);
}

TEST_F(ResumeRingTest, MergesChannelsInTheOrderOfNumbers) {
  for (const char* channel : {"a", "b"}) {
    ring_.Record(channel);
    ring_.Cover(channel, 0);
  }
  Add("a", 1);
  Add("b", 2);
  Add("a", 3);
  Add("b", 4);
  EXPECT_EQ(Read({{"a", 0}, {"b", 2}}), (Sequences{1, 3, 4}));
}

TEST_F(ResumeRingTest, StaysCoveredFromWhereItWas) {
  ring_.Record("a");
  ring_.Cover("a", 5);
  ring_.Cover("a", 50);
  EXPECT_TRUE(Read({{"a", 5}}).has_value());
}

TEST_F(ResumeRingTest, IgnoresChannelsThatAreNotRecorded) {
  Add("a", 1);
  EXPECT_EQ(ring_.size_bytes(), 0U);
}

TEST_F(ResumeRingTest, DropsTheOldestOfAllChannelsBeyondItsBytes) {
  for (const char* channel : {"a", "b"}) {
    ring_.Record(channel);
    ring_.Cover(channel, 0);
  }
  Add("a", 1, 1000);
  for (std::uint64_t i = 2; i <= 200; ++i) Add("b", i, 1000);
  EXPECT_LE(ring_.size_bytes(), 100'000U);
  EXPECT_EQ(Read({{"a", 0}}), std::nullopt) << "1 was dropped";
  EXPECT_EQ(Read({{"a", 1}}), Sequences());
  EXPECT_EQ(Read({{"b", 150}})->size(), 50U);
  EXPECT_EQ(Read({{"b", 2}}), std::nullopt);
}

TEST_F(ResumeRingTest, IsNotCoveredBeforeWhatWasDroppedWhileItWasNotCovered) {
  ring_.Record("a");
  for (std::uint64_t i = 1; i <= 200; ++i) Add("a", i, 1000);
  ring_.Cover("a", 1);
  EXPECT_EQ(Read({{"a", 2}}), std::nullopt);
  EXPECT_EQ(Read({{"a", 150}})->size(), 50U);
}

TEST_F(ResumeRingTest, ForgetsAChannelWithItsEvents) {
  ring_.Record("a");
  ring_.Cover("a", 0);
  Add("a", 1);
  ring_.Forget("a");
  EXPECT_EQ(ring_.size_bytes(), 0U);
  EXPECT_EQ(Read({{"a", 1}}), std::nullopt);
  ring_.Record("a");
  ring_.Cover("a", 1);
  Add("a", 2);
  EXPECT_EQ(Read({{"a", 1}}), (Sequences{2}));
}

}  // namespace
}  // namespace sluice
