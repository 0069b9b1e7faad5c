#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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

FramePointer NumberedFrame(int number, std::size_t padding = 0) {
  EventNumber event_number;
  event_number.sequence = static_cast<std::uint64_t>(number);
  return FramePointer(
      new Frame(tests::EncodedData(std::to_string(number) + std::string(padding, ' ')),
                {.number = event_number}));
}

// Delivers numbered events of 3000 bytes, `count` of them more than the outbox takes.
int Overfill(SessionBench& bench, int count, int* dropped) {
  int sent = 0;
  const auto deliver = [&] {
    ++sent;
    const FramePointer frame = NumberedFrame(sent, 3000);
    *dropped += static_cast<int>(bench.Deliver(frame).dropped);
    EXPECT_EQ(bench.budget().used(), bench.session()->queued_cost());
  };
  while (bench.session()->queued_cost() + 3200 < 64 * 1024) deliver();
  for (int i = 0; i < count; ++i) deliver();
  return sent;
}

// The numbers of the events that came; of a gap, minus its last.
std::vector<int> NumbersOf(const SessionBench& bench) {
  std::vector<int> numbers;
  for (const auto& event : bench.events()) {
    const bool is_gap = event.event == "sluice.gap";
    const std::string id = event.id.value_or("-0");
    numbers.push_back(is_gap ? -std::stoi(id.substr(id.find('-') + 1)) : std::stoi(event.data));
  }
  return numbers;
}

TEST(Session, DropsTheOldestForTheNewestWhereThatIsThePolicy) {
  SessionBench bench({.slow_consumer = SlowConsumer::kDropOldest});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  int dropped = 0;
  const int sent = Overfill(bench, 10, &dropped);
  EXPECT_EQ(dropped, 0) << "they went in; others were pushed out";
  EXPECT_LE(bench.session()->queued_cost(), std::size_t{64 * 1024});
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.session()->queued_cost() == 0; }));
  ASSERT_TRUE(bench.ReadUntil([&] { return NumbersOf(bench).back() == sent; }));
  const std::vector<int> numbers = NumbersOf(bench);
  const auto gap =
      std::find_if(numbers.begin(), numbers.end(), [](int number) { return number < 0; });
  ASSERT_NE(gap, numbers.end());
  EXPECT_GE(-*gap - *std::prev(gap), 9);
  EXPECT_EQ(*std::next(gap), -*gap + 1) << "behind the gap nothing is missing";
  EXPECT_TRUE(bench.ends().empty());
}

TEST(Session, RefusesTheNewestWhereThatIsThePolicyAndTellsItInItsPlace) {
  SessionBench bench({.slow_consumer = SlowConsumer::kDropNewest});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  int dropped = 0;
  int sent = Overfill(bench, 10, &dropped);
  EXPECT_GE(dropped, 9);
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.session()->queued_cost() == 0; }));
  EXPECT_EQ(bench.Deliver(NumberedFrame(sent + 1)).entered, 1U);
  ASSERT_TRUE(bench.ReadUntil([&] { return NumbersOf(bench).back() == sent + 1; }));
  const std::vector<int> numbers = NumbersOf(bench);
  ASSERT_EQ(numbers.size(), static_cast<std::size_t>(sent - dropped + 2));
  for (int i = 0; i < sent - dropped; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i + 1);
  EXPECT_EQ(numbers[numbers.size() - 2], -sent);
  EXPECT_TRUE(bench.ends().empty());
}

TEST(Session, LeavesOutWhatExpiresWhileItWaits) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  const int begun = bench.DeliverUntilQueued(DataFrame(std::string(3000, 'x')));
  FrameTraits traits;
  traits.rules = std::make_shared<const QueueRules>(QueueRules{"", absl::Seconds(1)});
  bench.Deliver(FramePointer(new Frame(tests::EncodedData("old"), traits)));
  bench.Deliver(DataFrame("kept"));
  bench.Pass(absl::Seconds(2));
  ASSERT_TRUE(bench.ReadUntil(
      [&] { return !bench.events().empty() && bench.events().back().data == "kept"; }));
  EXPECT_EQ(bench.events().size(), static_cast<std::size_t>(begun + 1));
  EXPECT_EQ(bench.budget().used(), 0U);
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
