#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/eventually.h"
#include "tests/support/stream/edge_bench.h"

namespace sluice {
namespace {

using tests::EdgeBench;
using tests::EncodedData;

const Target kAll = {Target::Kind::kAll, ""};

EventNumber Number(std::uint64_t sequence) {
  return {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, sequence};
}

ReplayItem Item(std::uint64_t sequence, std::shared_ptr<const DeliveryFilter> filter = nullptr) {
  return {EncodedData(std::to_string(sequence)), std::move(filter), Number(sequence), false};
}

ReplayPage LastPage(std::uint64_t position) {
  ReplayPage page;
  page.live = ReplayPage::Live{Number(position), position};
  return page;
}

OrderedEvent Event(std::uint64_t sequence) {
  OrderedEvent event = tests::DataEvent(std::to_string(sequence), sequence);
  event.number = Number(sequence);
  event.is_resumable = true;
  return event;
}

std::vector<std::string> DataOf(const tests::StreamLog& log) {
  std::vector<std::string> data;
  for (const auto& event : log.events) data.push_back(event.data);
  return data;
}

class ReplayTest : public testing::Test {
 protected:
  ConnectionId Opened(std::size_t place = 0) {
    return bench_.observer().WaitForOpened(place).value_or(OpenedConnection()).id;
  }

  void Deliver(const OrderedEvent& event) {
    bench_.edge().Deliver({0, 1}, kAll, event, [](FanOutResult) {});
  }

  EdgeBench bench_;
};

TEST_F(ReplayTest, WritesPagesBeforeWhatComesLive) {
  const auto stream = bench_.Open("?client_id=ada");
  const ConnectionId id = Opened();
  ReplayPage first;
  first.opening = Opening{"abcdefgh-0000000000000001", true};
  first.items = {Item(2), Item(3)};
  std::atomic<bool> is_drained{false};
  bench_.edge().Replay(id, std::move(first), [&] { is_drained = true; });
  ASSERT_TRUE(tests::Eventually([&] { return is_drained.load(); }));
  ReplayPage last = LastPage(5);
  last.items = {Item(4)};
  bench_.edge().Replay(id, std::move(last), [] { ADD_FAILURE() << "the stream is live"; });
  Deliver(Event(6));
  ASSERT_TRUE(stream->WaitForEventCount(5)) << stream->Log().Describe();
  const tests::StreamLog log = stream->Log();
  EXPECT_EQ(log.events[0].event, "sluice.open");
  EXPECT_EQ(log.events[0].id, "abcdefgh-0000000000000001");
  EXPECT_NE(log.events[0].data.find("\"resumed\":true"), std::string::npos);
  EXPECT_EQ(DataOf(log).back(), "6");
  EXPECT_EQ(log.events[3].data, "4");
  EXPECT_EQ(bench_.Describe({id}).front().delivered, 4U);
}

TEST_F(ReplayTest, DeliversNothingUpToThePositionWhereTheStreamWentLive) {
  const auto stream = bench_.Open("?client_id=ada");
  bench_.edge().Replay(Opened(), LastPage(10), [] {});
  for (std::uint64_t sequence = 8; sequence <= 12; ++sequence) Deliver(Event(sequence));
  ASSERT_TRUE(stream->WaitForEventCount(2));
  EXPECT_EQ(DataOf(stream->Log()), (std::vector<std::string>{"11", "12"}));
}

TEST_F(ReplayTest, HoldsFiltersForStreamsThatAreNotLiveYet) {
  const auto stream = bench_.Open("?client_id=ada&group=a");
  DeliveryFilter not_ada;
  not_ada.except_client_ids = {"ada"};
  DeliveryFilter in_a;
  in_a.group = "a";
  DeliveryFilter in_b;
  in_b.group = "b";
  ReplayPage page = LastPage(5);
  page.items = {Item(1, std::make_shared<const DeliveryFilter>(not_ada)),
                Item(2, std::make_shared<const DeliveryFilter>(in_a)),
                Item(3, std::make_shared<const DeliveryFilter>(in_b)), Item(4)};
  bench_.edge().Replay(Opened(), std::move(page), [] {});
  ASSERT_TRUE(stream->WaitForEventCount(2));
  EXPECT_EQ(DataOf(stream->Log()), (std::vector<std::string>{"2", "4"}));
}

TEST_F(ReplayTest, DoesNothingForAStreamThatHasLeft) {
  auto stream = bench_.Open("?client_id=ada");
  const ConnectionId id = Opened();
  stream->Close();
  ASSERT_TRUE(bench_.observer().WaitForClosed(1));
  bench_.edge().Replay(id, LastPage(1), [] { ADD_FAILURE() << "nobody takes it"; });
  EXPECT_TRUE(tests::Eventually([&] { return bench_.Describe({id}).empty(); }));
}

TEST_F(ReplayTest, TellsTheStreamsOfAChannelOfAGap) {
  const auto in_group = bench_.Open("?client_id=ada&group=a");
  bench_.GoLive();
  const auto other = bench_.Open("?client_id=bob");
  bench_.GoLive();
  bench_.edge().TellGap({Target::Kind::kGroup, "a"}, "trimmed", Number(1), Number(2),
                        /*carries_id=*/false);
  const auto gap = in_group->WaitForEvent("sluice.gap");
  ASSERT_TRUE(gap.has_value());
  EXPECT_EQ(gap->id, std::nullopt);
  bench_.edge().TellGap(kAll, "epoch_changed", Number(1), Number(3), /*carries_id=*/true);
  const auto all = other->WaitForEvent("sluice.gap");
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->id, Number(3).ToString());
  EXPECT_NE(all->data.find("epoch_changed"), std::string::npos);
}

class PositionTest : public testing::Test {
 protected:
  static EdgeOptions Options() {
    EdgeOptions options = EdgeBench::Options();
    options.heartbeat = absl::Milliseconds(200);
    return options;
  }

  EdgeBench bench_{Options()};
};

TEST_F(PositionTest, TellsAQuietStreamThePositionInsteadOfAComment) {
  const auto stream = bench_.Open("?client_id=ada");
  bench_.GoLive();
  const EventNumber later = {bench_.position().epoch, bench_.position().sequence + 5};
  bench_.edge().SetPosition(later, 5);
  const auto position = stream->WaitForEvent("sluice.position");
  ASSERT_TRUE(position.has_value()) << stream->Log().Describe();
  EXPECT_EQ(position->id, later.ToString());
  EXPECT_EQ(position->data, "{}");
}

TEST_F(PositionTest, NeverTellsAPositionBelowTheStreamsOwn) {
  const auto stream = bench_.Open("?client_id=ada");
  const auto opened = bench_.observer().WaitForOpened(0);
  ASSERT_TRUE(opened.has_value());
  bench_.edge().Replay(opened->id, LastPage(10), [] {});
  bench_.edge().SetPosition(Number(9), 9);
  const auto comments = [](const tests::StreamLog& log) { return log.comment_count >= 2; };
  ASSERT_TRUE(stream->WaitFor(comments));
  EXPECT_TRUE(stream->Log().events.empty());
}

TEST_F(PositionTest, TellsThePositionToAStreamThatGetsOnlyEphemeralEvents) {
  const auto stream = bench_.Open("?client_id=ada");
  bench_.GoLive();
  std::uint64_t order = 1;
  const bool was_told = tests::Eventually([&] {
    bench_.edge().SetPosition({bench_.position().epoch, bench_.position().sequence + order}, order);
    bench_.edge().Deliver({0, 1}, kAll, tests::DataEvent("ephemeral", ++order),
                          [](FanOutResult) {});
    return stream->WaitForEvent("sluice.position", absl::Milliseconds(20)).has_value();
  });
  EXPECT_TRUE(was_told) << stream->Log().Describe();
}

}  // namespace
}  // namespace sluice
