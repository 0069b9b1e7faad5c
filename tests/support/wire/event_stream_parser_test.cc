#include "tests/support/wire/event_stream_parser.h"

#include <gtest/gtest.h>

namespace sluice::tests {
namespace {

TEST(EventStreamParser, ReadsTheExamplesOfTheStandard) {
  EventStreamParser parser;
  const auto stock = parser.Feed("data: YHOO\ndata: +2\ndata: 10\n\n");
  ASSERT_EQ(stock.size(), 1U);
  EXPECT_EQ(stock[0].event, "message");
  EXPECT_EQ(stock[0].data, "YHOO\n+2\n10");

  const auto ids = parser.Feed(
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
      "data:  third event\n\n");
  ASSERT_EQ(ids.size(), 3U);
  EXPECT_EQ(ids[0].id, "1");
  EXPECT_EQ(ids[1].id, "");
  EXPECT_EQ(ids[1].last_event_id, "");
  EXPECT_EQ(ids[2].data, " third event");
  EXPECT_EQ(parser.comment_count(), 1);

  const auto empty = parser.Feed("data\n\ndata\ndata\n\ndata:");
  ASSERT_EQ(empty.size(), 2U);
  EXPECT_EQ(empty[0].data, "");
  EXPECT_EQ(empty[1].data, "\n");
}

TEST(EventStreamParser, TakesEveryLineEndAndEveryCut) {
  const std::string bytes =
      "\xEF\xBB\xBF"
      "event: a\r\ndata: 1\rdata: 2\n\r\nretry: 250\r\rdata:3\n\n";
  EventStreamParser whole;
  EventStreamParser cut;
  const auto expected = whole.Feed(bytes);
  std::vector<ReceivedEvent> received;
  for (const char byte : bytes) {
    for (const ReceivedEvent& event : cut.Feed(std::string(1, byte))) received.push_back(event);
  }
  ASSERT_EQ(expected.size(), 2U);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0].event, "a");
  EXPECT_EQ(received[0].data, "1\n2");
  EXPECT_EQ(expected[0].data, "1\n2");
  EXPECT_EQ(received[1].data, "3");
  EXPECT_EQ(cut.reconnection_time_ms(), 250);
}

TEST(EventStreamParser, MovesTheLastEventIdWithoutData) {
  EventStreamParser parser;
  EXPECT_TRUE(parser.Feed("id: 7\n\n").empty());
  const auto events = parser.Feed("data: x\n\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].id, std::nullopt);
  EXPECT_EQ(events[0].last_event_id, "7");
}

}  // namespace
}  // namespace sluice::tests
