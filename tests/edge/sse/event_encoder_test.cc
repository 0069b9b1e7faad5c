#include "edge/sse/event_encoder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/support/wire/event_stream_parser.h"

namespace sluice {
namespace {

using tests::EventStreamParser;
using tests::ReceivedEvent;

// The data as it arrives: every line ending is LF.
std::string WithLineFeeds(const std::string& data) {
  std::string normal;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i] != '\r') {
      normal += data[i];
    } else if (i + 1 == data.size() || data[i + 1] != '\n') {
      normal += '\n';
    }
  }
  return normal;
}

// The bytes must be one event and nothing else.
ReceivedEvent ParseOne(const std::string& bytes) {
  EventStreamParser parser;
  const auto events = parser.Feed(bytes);
  EXPECT_EQ(events.size(), 1U) << testing::PrintToString(bytes);
  EXPECT_EQ(parser.comment_count(), 0);
  return events.empty() ? ReceivedEvent() : events.front();
}

TEST(EncodeEvent, CarriesAnyDataAsOneEvent) {
  for (const std::string& data : {std::string(),
                                  std::string("a"),
                                  std::string(" leading space"),
                                  std::string("  two"),
                                  std::string("\n"),
                                  std::string("\r"),
                                  std::string("\r\n"),
                                  std::string("a\nb"),
                                  std::string("a\rb"),
                                  std::string("a\r\nb"),
                                  std::string("a\n\rb"),
                                  std::string("a\r\r\nb"),
                                  std::string("\n\n\n"),
                                  std::string("ends\n"),
                                  std::string("ends\r"),
                                  std::string("ends\r\n"),
                                  std::string("data: x\n\ndata: y\n\n"),
                                  std::string("id: 9\nevent: evil\nretry: 1\n: comment\n"),
                                  std::string(":"),
                                  std::string("\xEF\xBB\xBFmark"),
                                  std::string("nul\0inside", 10),
                                  std::string(65'000, 'x'),
                                  std::string(65'000, '\n'),
                                  std::string(65'000, '\r')}) {
    const ReceivedEvent event = ParseOne(EncodeEvent({.name = "n", .data = data, .id = "7"}));
    EXPECT_EQ(event.event, "n");
    EXPECT_EQ(event.id, "7");
    EXPECT_EQ(event.data, WithLineFeeds(data)) << testing::PrintToString(data.substr(0, 80));
  }
}

TEST(EncodeEvent, CarriesRandomMixturesOfLineEndings) {
  std::mt19937 random(7);
  const std::string alphabet = "\r\n: aidevntry";
  for (int round = 0; round < 2000; ++round) {
    std::string data;
    const std::size_t length = random() % 24;
    for (std::size_t i = 0; i < length; ++i) data += alphabet[random() % alphabet.size()];
    const ReceivedEvent event = ParseOne(EncodeEvent({.data = data}));
    ASSERT_EQ(event.data, WithLineFeeds(data)) << testing::PrintToString(data);
    ASSERT_EQ(event.event, "message");
    ASSERT_EQ(event.id, std::nullopt);
  }
}

TEST(EncodeEvent, LetsNothingOfOneEventReachTheNext) {
  EventStreamParser parser;
  parser.Feed(EncodeEvent({.name = "first", .data = "a\n\nid: 666\nevent: evil", .id = "1"}));
  const auto events = parser.Feed(EncodeEvent({.data = "b"}));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event, "message");
  EXPECT_EQ(events[0].id, std::nullopt);
  EXPECT_EQ(events[0].last_event_id, "1");
}

TEST(EncodeEvent, CarriesNamesAndIdsWithColonsAndSpaces) {
  const ReceivedEvent event = ParseOne(EncodeEvent({.name = " a: b ", .data = "x", .id = ":0 "}));
  EXPECT_EQ(event.event, " a: b ");
  EXPECT_EQ(event.id, ":0 ");
}

TEST(EncodeEvent, KeepsTheIdZeroAndResetsWithAnEmptyId) {
  EXPECT_EQ(ParseOne(EncodeEvent({.data = "x", .id = "0"})).id, "0");
  EXPECT_EQ(ParseOne(EncodeEvent({.data = "x", .id = ""})).id, "");
  EXPECT_EQ(ParseOne(EncodeEvent({.data = "x"})).id, std::nullopt);
}

TEST(EncodeEvent, TellsTheReconnectionTimeInWholeMilliseconds) {
  EventStreamParser parser;
  parser.Feed(EncodeEvent({.data = "x", .reconnection_time = absl::Microseconds(1'500'900)}));
  EXPECT_EQ(parser.reconnection_time_ms(), 1500);
  EXPECT_TRUE(parser.Feed(EncodeReconnectionTime(absl::Seconds(3))).empty());
  EXPECT_EQ(parser.reconnection_time_ms(), 3000);
}

TEST(EncodeEventDeathTest, TakesNoNameOrIdThatBreaksOutOfItsField) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(EncodeEvent({.name = "a\nb"}), "FitsOneField");
  EXPECT_DEATH(EncodeEvent({.id = std::string_view("a\0b", 3)}), "FitsOneField");
}

TEST(HeartbeatComment, IsNoEvent) {
  EventStreamParser parser;
  EXPECT_TRUE(parser.Feed(std::string(kHeartbeatComment)).empty());
  EXPECT_EQ(parser.comment_count(), 1);
}

}  // namespace
}  // namespace sluice
