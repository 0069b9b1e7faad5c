#include <gtest/gtest.h>

#include <string>

#include "edge/session/session.h"
#include "tests/support/stream/session_bench.h"

namespace sluice {
namespace {

using tests::DataFrame;
using tests::FrameOf;
using tests::SessionBench;

const char kHead[] = "retry: 1000\n\n";

TEST(Session, DeliversInOrderToAPeerThatReads) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  for (int i = 0; i < 100; ++i) {
    const auto delivered = bench.Deliver(DataFrame(std::to_string(i)));
    EXPECT_EQ(delivered.entered, 1U);
    EXPECT_EQ(delivered.dropped, 0U);
  }
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.events().size() == 100; }));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(bench.events()[static_cast<std::size_t>(i)].data, std::to_string(i));
  }
  EXPECT_EQ(bench.session()->delivered_count(), 100U);
  EXPECT_EQ(bench.budget().used(), 0U);
}

TEST(Session, TakesNoEventsBeforeItIsLive) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  EXPECT_TRUE(bench.session()->is_joining());
  const auto delivered = bench.Deliver(DataFrame("early"));
  EXPECT_EQ(delivered.entered, 0U);
  EXPECT_EQ(delivered.dropped, 0U);
  bench.session()->GoLive();
  bench.Deliver(DataFrame("live"));
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.events().size() == 1; }));
  EXPECT_EQ(bench.events()[0].data, "live");
}

TEST(Session, QueuesWhatThePeerDoesNotReadAndDeliversItAllLater) {
  SessionBench bench({.outbox_bytes_max = std::size_t{1} << 20});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  const std::string data(3000, 'x');
  std::size_t sent = 0;
  while (bench.session()->queued_cost() < 100'000) {
    bench.Deliver(DataFrame(std::to_string(sent++) + data));
    EXPECT_EQ(bench.budget().used(), bench.session()->queued_cost());
  }
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.events().size() == sent; }));
  for (std::size_t i = 0; i < sent; ++i) {
    ASSERT_EQ(bench.events()[i].data, std::to_string(i) + data);
  }
  EXPECT_EQ(bench.session()->queued_cost(), 0U);
  EXPECT_EQ(bench.budget().used(), 0U);
  EXPECT_TRUE(bench.ends().empty());
}

TEST(Session, QueuesABlocksFramesFromTheByteThatTheKernelRefused) {
  SessionBench bench({.outbox_bytes_max = std::size_t{1} << 20});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  std::vector<FramePointer> frames;
  std::string bytes;
  for (int i = 0; i < 60; ++i) {
    frames.push_back(DataFrame(std::to_string(i) + std::string(5000, 'x')));
    bytes.append(frames.back()->bytes());
  }
  const auto delivered = bench.session()->Deliver(bytes, frames);
  EXPECT_EQ(delivered.entered, 60U);
  EXPECT_GT(bench.session()->queued_cost(), 0U);
  EXPECT_LT(bench.session()->queued_cost(), bytes.size() + 60 * Frame::kOverheadBytes);
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.events().size() == 60; }));
  EXPECT_EQ(bench.received(), kHead + bytes);
}

TEST(Session, ClosesAsSlowOverTheLimitAndOnlyThen) {
  constexpr std::size_t kMax = 64 * 1024;
  SessionBench bench({.outbox_bytes_max = kMax});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  const FramePointer frame = DataFrame(std::string(3000, 'x'));
  bench.DeliverUntilQueued(frame);
  while (bench.session()->queued_cost() + frame->cost() <= kMax) {
    ASSERT_EQ(bench.Deliver(frame).entered, 1U);
    ASSERT_TRUE(bench.ends().empty());
  }
  const auto delivered = bench.Deliver(frame);
  EXPECT_EQ(delivered.entered, 0U);
  EXPECT_EQ(delivered.dropped, 1U);
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kSlow});
  const auto after = bench.Deliver(frame);
  EXPECT_EQ(after.entered + after.dropped, 0U) << "a stream that has ended is in no count";
}

TEST(Session, FinishesTheHalfWrittenEventBeforeItTellsThatItIsSlow) {
  SessionBench bench({.outbox_bytes_max = 64 * 1024});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  // Long enough that the kernel takes parts of events.
  const std::string data(7777, 'x');
  while (bench.ends().empty()) bench.Deliver(DataFrame(data));
  ASSERT_TRUE(bench.ReadToEnd());
  ASSERT_GE(bench.events().size(), 2U);
  for (std::size_t i = 0; i + 1 < bench.events().size(); ++i) {
    ASSERT_EQ(bench.events()[i].data, data) << "event " << i << " was broken";
  }
  EXPECT_EQ(bench.events().back().event, "sluice.end");
  EXPECT_EQ(bench.events().back().data, R"({"reason":"slow"})");
  EXPECT_EQ(bench.received().substr(bench.received().size() - 2), "\n\n");
}

TEST(Session, TakesAFrameThatHasBegunWhateverItCosts) {
  SessionBench bench({.outbox_bytes_max = 1000});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  const std::string data(60'000, 'x');
  const auto first = bench.Deliver(DataFrame(data));
  ASSERT_GT(bench.session()->queued_cost(), 1000U) << "the buffers of the test are too large";
  EXPECT_EQ(first.entered, 1U);
  EXPECT_EQ(bench.Deliver(DataFrame("one more")).dropped, 1U);
  ASSERT_TRUE(bench.ReadToEnd());
  ASSERT_EQ(bench.events().size(), 2U);
  EXPECT_EQ(bench.events()[0].data, data);
  EXPECT_EQ(bench.events()[1].event, "sluice.end");
}

TEST(Session, CountsTheDroppedRestOfABlock) {
  SessionBench bench({.outbox_bytes_max = 20'000});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  const FramePointer filler = DataFrame(std::string(3000, 'x'));
  bench.DeliverUntilQueued(filler);
  std::vector<FramePointer> frames;
  std::string bytes;
  for (int i = 0; i < 30; ++i) {
    frames.push_back(DataFrame(std::string(1000, 'y')));
    bytes.append(frames.back()->bytes());
  }
  const std::uint64_t before = bench.session()->delivered_count();
  const auto delivered = bench.session()->Deliver(bytes, frames);
  EXPECT_GT(delivered.entered, 0U);
  EXPECT_GT(delivered.dropped, 0U);
  EXPECT_EQ(delivered.entered + delivered.dropped, 30U);
  EXPECT_EQ(bench.session()->delivered_count(), before + delivered.entered);
}

TEST(Session, TellsTheServersOwnEventsWithoutCountingThem) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  bench.session()->Tell(DataFrame("own"));
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.events().size() == 1; }));
  EXPECT_EQ(bench.session()->delivered_count(), 0U);
}

}  // namespace
}  // namespace sluice
