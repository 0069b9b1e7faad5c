#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "edge/session/session.h"
#include "tests/support/stream/session_bench.h"

namespace sluice {
namespace {

using tests::DataFrame;
using tests::FrameOf;
using tests::SessionBench;

const char kHead[] = "retry: 1000\n\n";

FramePointer Farewell() {
  return FrameOf(EncodeEnd(EndReason::kDrain));
}

void StartLive(SessionBench& bench) {
  bench.session()->Start(FrameOf(kHead));
  bench.session()->GoLive();
}

void SendFromPeer(SessionBench& bench, std::size_t bytes) {
  const std::string excess(bytes, 'z');
  ASSERT_EQ(send(bench.peer().fd(), excess.data(), bytes, MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes));
}

TEST(SessionEnd, TellsThePeerAndThenEndsTheStream) {
  SessionBench bench;
  StartLive(bench);
  bench.Deliver(DataFrame("last"));
  bench.session()->End(EndReason::kDrain, Farewell(), /*keeps_queue=*/true);
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kDrain});
  ASSERT_TRUE(bench.ReadToEnd());
  ASSERT_EQ(bench.events().size(), 2U);
  EXPECT_EQ(bench.events()[0].data, "last");
  EXPECT_EQ(bench.events()[1].event, "sluice.end");
  EXPECT_FALSE(bench.is_released()) << "the peer has not closed its side yet";
  bench.peer().Close();
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
  EXPECT_EQ(bench.ends().size(), 1U);
}

TEST(SessionEnd, ComesAfterWhatWaitsWhenItKeepsTheQueue) {
  SessionBench bench({.outbox_bytes_max = std::size_t{1} << 20});
  StartLive(bench);
  const std::string data(5000, 'x');
  for (int i = 0; i < 50; ++i) bench.Deliver(DataFrame(data));
  ASSERT_GT(bench.session()->queued_cost(), 0U);
  bench.session()->End(EndReason::kDrain, Farewell(), /*keeps_queue=*/true);
  ASSERT_TRUE(bench.ReadToEnd());
  ASSERT_EQ(bench.events().size(), 51U);
  EXPECT_EQ(bench.events()[49].data, data);
  EXPECT_EQ(bench.events()[50].event, "sluice.end");
  EXPECT_EQ(bench.budget().used(), 0U);
}

TEST(SessionEnd, DropsWhatWaitsButNotHalfAnEventWhenItDoesNot) {
  SessionBench bench({.outbox_bytes_max = std::size_t{1} << 20});
  StartLive(bench);
  const std::string data(5001, 'x');
  for (int i = 0; i < 100; ++i) bench.Deliver(DataFrame(data));
  ASSERT_GT(bench.session()->queued_cost(), 0U);
  bench.session()->End(EndReason::kSlow, Farewell(), /*keeps_queue=*/false);
  ASSERT_TRUE(bench.ReadToEnd());
  ASSERT_LT(bench.events().size(), 100U);
  for (std::size_t i = 0; i + 1 < bench.events().size(); ++i) {
    ASSERT_EQ(bench.events()[i].data, data);
  }
  EXPECT_EQ(bench.events().back().event, "sluice.end");
}

TEST(SessionEnd, IsOnceAndTheFirstReasonStays) {
  SessionBench bench;
  StartLive(bench);
  bench.session()->End(EndReason::kDrain, Farewell(), true);
  bench.session()->End(EndReason::kSlow, Farewell(), true);
  bench.session()->Close(EndReason::kClientGone);
  bench.session()->Close(EndReason::kClientGone);
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kDrain});
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
}

TEST(SessionEnd, OfAStreamThatNeverWentLiveIsToldToo) {
  SessionBench bench;
  bench.session()->Start(FrameOf(kHead));
  bench.session()->End(EndReason::kDrain, Farewell(), true);
  ASSERT_TRUE(bench.ReadToEnd());
  ASSERT_EQ(bench.events().size(), 1U);
  EXPECT_EQ(bench.events()[0].event, "sluice.end");
}

TEST(SessionEnd, CutsAPeerThatReadsButNeverCloses) {
  SessionBench bench;
  StartLive(bench);
  bench.session()->End(EndReason::kDrain, Farewell(), true);
  ASSERT_TRUE(bench.ReadToEnd());
  bench.Pass(absl::Seconds(2));
  EXPECT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
}

TEST(SessionEnd, CutsAPeerThatDoesNotReadAfterTheWriteTimeout) {
  SessionBench bench(
      {.outbox_bytes_max = std::size_t{1} << 20, .write_timeout = absl::Seconds(20)});
  StartLive(bench);
  for (int i = 0; i < 50; ++i) bench.Deliver(DataFrame(std::string(5000, 'x')));
  bench.session()->End(EndReason::kDrain, Farewell(), true);
  bench.Pass(absl::Seconds(19));
  bench.Turn();
  EXPECT_FALSE(bench.is_released());
  bench.Pass(absl::Seconds(2));
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kDrain});
  EXPECT_EQ(bench.budget().used(), 0U);
}

TEST(SessionClose, FollowsThePeersCloseWithoutAnyWrite) {
  SessionBench bench;
  StartLive(bench);
  bench.peer().Close();
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kClientGone});
}

TEST(SessionClose, FollowsAResetWhileSomethingWaits) {
  SessionBench bench({.outbox_bytes_max = std::size_t{1} << 20});
  StartLive(bench);
  for (int i = 0; i < 50; ++i) bench.Deliver(DataFrame(std::string(5000, 'x')));
  ASSERT_GT(bench.budget().used(), 0U);
  bench.peer().Reset();
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kClientGone});
  EXPECT_EQ(bench.budget().used(), 0U);
}

TEST(SessionClose, InsideADeliveryIsReportedOnceAndCountsNothing) {
  SessionBench bench;
  StartLive(bench);
  bench.peer().Reset();
  // The loop does not run, so it is the write that meets the broken connection.
  while (bench.ends().empty()) {
    const auto delivered = bench.Deliver(DataFrame("x"));
    if (!bench.ends().empty()) {
      EXPECT_EQ(delivered.entered + delivered.dropped, 0U);
    }
  }
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kClientGone});
  EXPECT_EQ(bench.Deliver(DataFrame("x")).entered, 0U);
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
}

TEST(SessionClose, GivesTheBudgetBack) {
  SessionBench bench({.outbox_bytes_max = std::size_t{1} << 20});
  StartLive(bench);
  for (int i = 0; i < 50; ++i) bench.Deliver(DataFrame(std::string(5000, 'x')));
  ASSERT_GT(bench.budget().used(), 0U);
  bench.session()->Close(EndReason::kSlow);
  EXPECT_EQ(bench.budget().used(), 0U);
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kSlow});
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
}

TEST(SessionExcess, IsToleratedUpTo16KiB) {
  SessionBench bench;
  StartLive(bench);
  for (int i = 0; i < 16; ++i) {
    SendFromPeer(bench, 1024);
    bench.Turn();
  }
  bench.Turn();
  EXPECT_TRUE(bench.ends().empty());
  SendFromPeer(bench, 1);
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
  EXPECT_EQ(bench.ends(), std::vector<EndReason>{EndReason::kClientGone});
}

TEST(SessionExcess, DoesNotKeepAnEndedStreamOpen) {
  SessionBench bench;
  StartLive(bench);
  bench.session()->End(EndReason::kDrain, Farewell(), true);
  SendFromPeer(bench, 1000);
  ASSERT_TRUE(bench.ReadToEnd());
  bench.peer().Close();
  ASSERT_TRUE(bench.TurnUntil([&] { return bench.is_released(); }));
  EXPECT_EQ(bench.ends().size(), 1U);
}

}  // namespace
}  // namespace sluice
