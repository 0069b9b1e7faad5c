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

TEST(SessionHeartbeat, ComesAfterSilence) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  bench.Pass(absl::Seconds(15) - TimerWheel::kTickLength);
  bench.session()->Tell(DataFrame("mark"));
  ASSERT_TRUE(bench.ReadUntil([&] { return !bench.events().empty(); }));
  EXPECT_EQ(bench.comment_count(), 0);
  bench.Pass(absl::Seconds(15));
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.comment_count() == 1; }));
  bench.Pass(absl::Seconds(15));
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.comment_count() == 2; }));
}

TEST(SessionHeartbeat, ComesToAStreamThatStillWaitsForItsChannels) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  ASSERT_TRUE(bench.session()->is_joining());
  bench.Pass(absl::Seconds(15));
  EXPECT_TRUE(bench.ReadUntil([&] { return bench.comment_count() == 1; }));
}

TEST(SessionHeartbeat, StaysAwayWhileEventsCome) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  for (int i = 0; i < 10; ++i) {
    bench.Pass(absl::Seconds(10));
    bench.Deliver(DataFrame("x"));
  }
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.events().size() == 10; }));
  EXPECT_EQ(bench.comment_count(), 0);
}

// When the deadline came while something waited, it moved on by the write timeout, and was left
// there when the outbox emptied: with a long --write-timeout the stream fell silent for as long.
TEST(SessionHeartbeat, ComesInTimeAfterAStreamHasCaughtUp) {
  SessionBench bench({.write_timeout = absl::Hours(1)});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  bench.Pass(absl::Seconds(14));
  bench.DeliverUntilQueued(DataFrame(std::string(3000, 'x')));
  bench.Pass(absl::Seconds(2));
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.session()->queued_cost() == 0; }));
  EXPECT_EQ(bench.comment_count(), 0);
  bench.Pass(absl::Seconds(15));
  EXPECT_TRUE(bench.ReadUntil([&] { return bench.comment_count() == 1; }))
      << "no heartbeat after 15 s of silence";
}

TEST(SessionWriteTimeout, EndsAStreamThatTakesNothing) {
  SessionBench bench({.write_timeout = absl::Seconds(20)});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  bench.DeliverUntilQueued(DataFrame(std::string(3000, 'x')));
  // What the kernel moves on by itself counts as progress, so it is let settle first.
  bench.Turn();
  bench.Pass(absl::Seconds(20) - TimerWheel::kTickLength);
  EXPECT_TRUE(bench.ends().empty());
  bench.Pass(absl::Seconds(1));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kSlow});
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
  EXPECT_EQ(bench.budget().used(), 0U);
}

TEST(SessionWriteTimeout, SparesAStreamThatTakesALittle) {
  SessionBench bench(
      {.outbox_bytes_max = std::size_t{1} << 20, .write_timeout = absl::Seconds(20)});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  const FramePointer frame = DataFrame(std::string(30'000, 'x'));
  for (int i = 0; i < 20; ++i) bench.Deliver(frame);
  while (bench.session()->queued_cost() > 0) {
    bench.Pass(absl::Seconds(15));
    ASSERT_TRUE(bench.ends().empty());
    const std::size_t queued = bench.session()->queued_cost();
    const std::size_t received = bench.received().size();
    ASSERT_TRUE(bench.ReadUntil([&] {
      return bench.session()->queued_cost() < queued || bench.received().size() > received + 9000;
    }));
  }
  EXPECT_TRUE(bench.ends().empty());
}

TEST(SessionWriteTimeout, CountsFromWhenSomethingHadToWait) {
  SessionBench bench({.write_timeout = absl::Seconds(5), .heartbeat = absl::Hours(1)});
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  bench.Pass(absl::Minutes(10));
  bench.DeliverUntilQueued(DataFrame(std::string(3000, 'x')));
  bench.Turn();
  bench.Pass(absl::Seconds(4));
  EXPECT_TRUE(bench.ends().empty());
  bench.Pass(absl::Seconds(2));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kSlow});
}

TEST(SessionExpiry, ComesAtItsTimeWhateverElseIsDue) {
  SessionBench bench;
  bench.session()->LimitTo(bench.wheel().After(absl::Seconds(40)), EndReason::kTokenExpired);
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  bench.Pass(absl::Seconds(40) - TimerWheel::kTickLength);
  ASSERT_TRUE(bench.ReadUntil([&] { return bench.comment_count() == 2; }));
  EXPECT_TRUE(bench.ends().empty());
  bench.Pass(TimerWheel::kTickLength);
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kTokenExpired});
  ASSERT_TRUE(bench.ReadToEnd());
  EXPECT_EQ(bench.events().back().data, R"({"reason":"token_expired"})");
}

TEST(SessionExpiry, ComesToAStreamThatStillWaitsForItsChannels) {
  SessionBench bench;
  bench.session()->LimitTo(bench.wheel().After(absl::Seconds(1)), EndReason::kTokenExpired);
  bench.session()->Start(FrameOf(kHead));
  bench.Pass(absl::Seconds(1));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kTokenExpired});
}

TEST(SessionExpiry, ComesToAStreamThatIsBehindAfterWhatWaits) {
  SessionBench bench({.write_timeout = absl::Seconds(20)});
  bench.session()->LimitTo(bench.wheel().After(absl::Seconds(5)), EndReason::kTokenExpired);
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
  const int count = bench.DeliverUntilQueued(DataFrame(std::string(3000, 'x')));
  bench.Pass(absl::Seconds(5));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kTokenExpired});
  ASSERT_TRUE(bench.ReadToEnd());
  EXPECT_EQ(bench.events().size(), static_cast<std::size_t>(count) + 1);
}

}  // namespace
}  // namespace sluice
