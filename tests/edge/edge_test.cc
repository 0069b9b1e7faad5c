#include "edge/edge.h"

#include <absl/time/clock.h>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/http/http_exchange.h"
#include "tests/support/http/tcp_socket.h"
#include "tests/support/stream/edge_bench.h"

namespace sluice {
namespace {

using tests::EdgeBench;
using tests::StreamLog;
namespace json = boost::json;

Target All() {
  return {Target::Kind::kAll, ""};
}

Target Group(const std::string& name) {
  return {Target::Kind::kGroup, name};
}

TEST(Edge, AnnouncesAStreamAndOpensItOnlyWhenItGoesLive) {
  EdgeBench bench;
  const auto stream = bench.Open("?client_id=ada&group=b&group=a");
  const auto opened = bench.observer().WaitForOpened(0);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->client_id, "ada");
  EXPECT_EQ(opened->groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(bench.Deliver(All(), "too early").entered, 0);
  bench.GoLive();
  EXPECT_EQ(bench.Deliver(Group("a"), "x").entered, 1);
  ASSERT_TRUE(stream->WaitForEventCount(2)) << stream->Log().Describe();
  const StreamLog log = stream->Log();
  EXPECT_EQ(log.events[0].event, "sluice.open");
  EXPECT_EQ(log.events[0].id, bench.position().ToString());
  const json::value open = {{"client_id", "ada"},
                            {"connection_id", opened->id.ToString()},
                            {"replica_id", "r1"},
                            {"resumed", false}};
  EXPECT_EQ(json::parse(log.events[0].data), open);
  EXPECT_EQ(log.events[1].data, "x");
  EXPECT_EQ(bench.edge().connection_count(), 1U);
}

TEST(Edge, AnswersWithTheHeadOfAnEventStreamAndAJitteredRetry) {
  EdgeBench bench;
  std::set<std::int64_t> times;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto stream = bench.Open("");
    bench.GoLive();
    ASSERT_TRUE(stream->WaitForEvent("sluice.open").has_value());
    const StreamLog log = stream->Log();
    EXPECT_EQ(log.head.status, 200);
    EXPECT_EQ(log.head.Field("content-type"), "text/event-stream");
    EXPECT_EQ(log.head.Field("cache-control"), "no-cache, no-transform");
    EXPECT_EQ(log.head.Field("x-accel-buffering"), "no");
    EXPECT_EQ(log.head.Field("connection"), "close");
    ASSERT_TRUE(log.reconnection_time_ms.has_value());
    EXPECT_GE(*log.reconnection_time_ms, 1500);
    EXPECT_LE(*log.reconnection_time_ms, 4500);
    times.insert(*log.reconnection_time_ms);
  }
  EXPECT_GT(times.size(), 1U) << "all clients would come back at once";
}

TEST(Edge, MakesUpAClientIdForAStreamWithout) {
  EdgeBench bench;
  const auto first = bench.Open("");
  const auto second = bench.Open("");
  const std::string id = bench.GoLive().client_id;
  EXPECT_FALSE(id.empty());
  EXPECT_NE(bench.GoLive().client_id, id);
}

TEST(Edge, TellsWithWhichLastIdAStreamCame) {
  EdgeBench bench;
  const auto stream = bench.Open("", {"Last-Event-ID: what \"ever\""});
  EXPECT_EQ(bench.GoLive().last_event_id, "what \"ever\"");
  const auto fresh = bench.Open("");
  EXPECT_EQ(bench.GoLive().last_event_id, std::nullopt);
}

TEST(Edge, ReportsAStreamThatLeaves) {
  EdgeBench bench;
  const auto stream = bench.Open("?client_id=ada");
  const ConnectionId id = bench.GoLive().id;
  ASSERT_TRUE(stream->WaitForEvent("sluice.open").has_value());
  stream->Close();
  ASSERT_TRUE(bench.observer().WaitForClosed(1)) << "the close was not noticed";
  EXPECT_EQ(bench.observer().Copy().closed[0], std::make_pair(id, EndReason::kClientGone));
  EXPECT_EQ(bench.Deliver(All(), "x").entered, 0);
  EXPECT_EQ(bench.edge().connection_count(), 0U);
  bench.GoLive(id);  // Too late, and no harm.
  EXPECT_TRUE(bench.Describe({id}).empty());
}

TEST(Edge, AnswersAtOnceForNoShardsAndNoConnections) {
  EdgeBench bench;
  int answers = 0;
  bench.edge().Deliver({}, All(), bench.Event("x"), [&answers](FanOutResult result) {
    EXPECT_EQ(result.entered, 0);
    ++answers;
  });
  bench.edge().Describe({}, [&answers](auto descriptions) {
    EXPECT_TRUE(descriptions.empty());
    ++answers;
  });
  EXPECT_EQ(answers, 2);
}

TEST(Edge, DescribesConnections) {
  EdgeBench bench;
  const std::string agent = std::string(255, 'a') + "\xC3\xA9";
  const auto stream = bench.Open("?client_id=ada&group=b&group=a", {"User-Agent: " + agent});
  const OpenedConnection opened = bench.GoLive();
  bench.Deliver(All(), "x");
  const auto other = bench.Open("?client_id=bob");
  const ConnectionId joining = bench.observer().WaitForOpened(1)->id;
  const auto descriptions = bench.Describe({opened.id, joining, ConnectionId::Make(1)});
  ASSERT_EQ(descriptions.size(), 2U);
  const auto& ada = descriptions[0].id == opened.id ? descriptions[0] : descriptions[1];
  EXPECT_EQ(ada.groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ada.delivered, 1U);
  EXPECT_EQ(ada.queued_bytes, 0U);
  EXPECT_EQ(ada.connect_time, opened.connect_time);
  EXPECT_EQ(ada.user_agent, std::string(255, 'a'));
  EXPECT_EQ(ada.remote_address.rfind("127.0.0.1:", 0), 0U) << ada.remote_address;
}

TEST(Edge, AppliesFilters) {
  EdgeBench bench;
  const auto ada = bench.Open("?client_id=ada");
  const ConnectionId first = bench.GoLive().id;
  const auto bob = bench.Open("?client_id=bob");
  bench.GoLive();
  DeliveryFilter filter;
  filter.connection_id = first;
  EXPECT_EQ(bench.Deliver(All(), "x", std::make_shared<const DeliveryFilter>(filter)).entered, 1);
  ASSERT_TRUE(ada->WaitForEventCount(2));
}

TEST(Edge, AnswersAStreamOverTheLimitSoThatItComesBack) {
  EdgeOptions options = EdgeBench::Options();
  options.connections_max = 1;
  EdgeBench bench(options);
  const auto first = bench.Open("");
  bench.GoLive();
  const auto second = bench.Open("");
  ASSERT_TRUE(second->WaitForEnd());
  const StreamLog log = second->Log();
  EXPECT_EQ(log.head.status, 200);
  EXPECT_TRUE(log.reconnection_time_ms.has_value());
  ASSERT_EQ(log.events.size(), 1U);
  EXPECT_EQ(log.events[0].event, "sluice.end");
  EXPECT_EQ(log.events[0].data, R"({"reason":"overloaded"})");
  EXPECT_EQ(bench.observer().Copy().opened.size(), 1U);
  first->Close();
  ASSERT_TRUE(bench.observer().WaitForClosed(1));
  // Until its socket is closed too it takes a place.
  ASSERT_TRUE(tests::Eventually([&] { return bench.edge().connection_count() == 0; }));
  const auto third = bench.Open("");
  bench.GoLive();
  EXPECT_TRUE(third->WaitForEvent("sluice.open").has_value());
}

TEST(Edge, AnswersAStreamOverTheLimitWith503WhenToldSo) {
  EdgeOptions options = EdgeBench::Options();
  options.connections_max = 0;
  options.overload = EdgeOptions::Overload::k503;
  EdgeBench bench(options);
  const auto stream = bench.Open("");
  ASSERT_TRUE(stream->WaitForEnd());
  const StreamLog log = stream->Log();
  EXPECT_EQ(log.head.status, 503);
  const int seconds = std::stoi(log.head.Field("retry-after"));
  EXPECT_GE(seconds, 2);
  EXPECT_LE(seconds, 5);
  EXPECT_EQ(json::parse(log.body).at("error").at("code").as_string(), "overloaded");
}

TEST(Edge, EndsStreamsAfterWhatWaitsForThem) {
  EdgeBench bench;
  const auto live = bench.Open("?client_id=ada");
  bench.GoLive();
  const auto joining = bench.Open("?client_id=bob");
  ASSERT_TRUE(bench.observer().WaitForOpened(1).has_value());
  bench.edge().Deliver({0, 1}, All(), bench.Event("last"), [](FanOutResult) {});
  EXPECT_TRUE(bench.edge().EndStreams(absl::ZeroDuration(), tests::kPatience));
  ASSERT_TRUE(live->WaitForEnd());
  ASSERT_TRUE(joining->WaitForEnd());
  const StreamLog log = live->Log();
  ASSERT_EQ(log.events.size(), 3U) << log.Describe();
  EXPECT_EQ(log.events[1].data, "last");
  EXPECT_EQ(log.events[2].event, "sluice.end");
  EXPECT_EQ(log.events[2].data, R"({"reason":"drain"})");
  EXPECT_TRUE(joining->Log().Find("sluice.end") != nullptr);
  ASSERT_TRUE(bench.observer().WaitForClosed(2));
  EXPECT_EQ(bench.edge().connection_count(), 0U);
}

TEST(Edge, EndsNothingInNoTime) {
  EdgeBench bench;
  EXPECT_TRUE(bench.edge().EndStreams(absl::ZeroDuration(), tests::kPatience));
}

TEST(Edge, SaysWhenStreamsDidNotEndInTime) {
  EdgeBench bench;
  // It reads nothing and never closes.
  const auto stream = bench.Open("");
  bench.GoLive();
  ASSERT_TRUE(stream->WaitForEvent("sluice.open").has_value());
  stream->PauseReading();
  EXPECT_FALSE(bench.edge().EndStreams(absl::ZeroDuration(), absl::Milliseconds(50)));
}

// Once this answer alone came without the CORS lines, so that a page of another origin could not
// read that it should come back later.
TEST(Edge, LetsPagesOfOtherOriginsReadThe503) {
  EdgeOptions options = EdgeBench::Options();
  options.connections_max = 0;
  options.overload = EdgeOptions::Overload::k503;
  options.cors_origins = {"https://a.example"};
  EdgeBench bench(options);
  const auto stream = bench.Open("", {"Origin: https://a.example"});
  ASSERT_TRUE(stream->WaitForEnd());
  EXPECT_EQ(stream->Log().head.status, 503);
  EXPECT_EQ(stream->Log().head.Field("access-control-allow-origin"), "https://a.example");
}

// Once as many silent connections as there were places kept every browser out for 10 s, and then
// again: 64 of them were enough where a process may open 1,024 files.
TEST(Edge, LetsSilentConnectionsHoldUpNobodyForLong) {
  EdgeOptions options = EdgeBench::Options();
  options.shards = 1;
  options.handshakes_max = 4;
  EdgeBench bench(options);
  std::deque<tests::HttpExchange> silent;
  for (int i = 0; i < 4; ++i) {
    silent.emplace_back(bench.port());
    ASSERT_TRUE(silent.back().Send("GET /events"));
  }
  const absl::Time begin = absl::Now();
  const auto stream = bench.Open("");
  ASSERT_TRUE(bench.observer().WaitForOpened(0).has_value());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST(Edge, SendsHeartbeatsAsEventsWhenToldSo) {
  EdgeOptions options = EdgeBench::Options();
  options.heartbeat = absl::Milliseconds(100);
  options.heartbeat_event = "beat";
  EdgeBench bench(options);
  const auto stream = bench.Open("");
  const auto beat = stream->WaitForEvent("beat");
  ASSERT_TRUE(beat.has_value());
  EXPECT_EQ(beat->id, std::nullopt);
  EXPECT_EQ(stream->Log().comment_count, 0);
}

TEST(Edge, DoesNotStartOnATakenPort) {
  const tests::TcpSocket taken = tests::TcpSocket::Listen();
  EdgeOptions options = EdgeBench::Options();
  options.http.port(static_cast<unsigned short>(taken.LocalPort()));
  const SystemClock clock;
  tests::RecordingObserver observer;
  EXPECT_EQ(Edge::Start(options, clock, observer).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sluice
