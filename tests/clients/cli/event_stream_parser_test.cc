// tests/clients/cli/event_stream_parser_test.cc
#include "clients/cli/tail/event_stream_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

using std::string_view_literals::operator""sv;

bool operator==(const StreamEvent& left, const StreamEvent& right) {
  return left.event == right.event && left.id == right.id && left.data == right.data;
}

void PrintTo(const StreamEvent& event, std::ostream* out) {
  *out << "{" << event.event << " | " << event.id << " | " << event.data << "}";
}

namespace {

using Events = std::vector<StreamEvent>;

Events ParseWhole(std::string_view stream) {
  EventStreamParser parser("");
  Events events;
  EXPECT_TRUE(parser.Feed(stream, events).ok());
  return events;
}

// Parses the stream whole, split in two at every byte, and byte by byte.
Events Parse(std::string_view stream) {
  const Events whole = ParseWhole(stream);
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    EventStreamParser parser("");
    Events events;
    EXPECT_TRUE(parser.Feed(stream.substr(0, at), events).ok());
    EXPECT_TRUE(parser.Feed(stream.substr(at), events).ok());
    EXPECT_EQ(events, whole) << "split at byte " << at;
  }
  EventStreamParser parser("");
  Events events;
  for (const char byte : stream) EXPECT_TRUE(parser.Feed({&byte, 1}, events).ok());
  EXPECT_EQ(events, whole) << "byte by byte";
  return whole;
}

}  // namespace

// The first four streams are the examples of WHATWG HTML, "Interpreting an event stream".

TEST(EventStreamParser, JoinsDataLinesWithNewlines) {
  EXPECT_EQ(Parse("data: YHOO\ndata: +2\ndata: 10\n\n"), (Events{{"message", "", "YHOO\n+2\n10"}}));
}

TEST(EventStreamParser, FollowsTheExampleWithCommentsAndIds) {
  EXPECT_EQ(Parse(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                  "data:  third event\n"),
            (Events{{"message", "1", "first event"}, {"message", "", "second event"}}));
}

TEST(EventStreamParser, DispatchesEmptyDataLinesButNotAnUnfinishedBlock) {
  EXPECT_EQ(Parse("data\n\ndata\ndata\n\ndata:"),
            (Events{{"message", "", ""}, {"message", "", "\n"}}));
}

TEST(EventStreamParser, TakesOneSpaceAfterTheColonOnly) {
  EXPECT_EQ(Parse("data:test\n\ndata: test\n\ndata:  test\n\n"),
            (Events{{"message", "", "test"}, {"message", "", "test"}, {"message", "", " test"}}));
}

TEST(EventStreamParser, EndsLinesAtCrLfAndBoth) {
  EXPECT_EQ(Parse("data: a\r\rdata: b\r\n\r\ndata: c\n\ndata: d\r\n\ndata: e\n\r"),
            (Events{{"message", "", "a"},
                    {"message", "", "b"},
                    {"message", "", "c"},
                    {"message", "", "d"},
                    {"message", "", "e"}}));
}

TEST(EventStreamParser, DispatchesAtACarriageReturnWithoutWaitingForALineFeed) {
  EventStreamParser parser("");
  Events events;
  ASSERT_TRUE(parser.Feed("data: a\r\r", events).ok());
  EXPECT_EQ(events.size(), 1u);
}

TEST(EventStreamParser, SkipsOneByteOrderMarkAtTheStart) {
  EXPECT_EQ(Parse("\xEF\xBB\xBF"
                  "data: a\n\n"),
            (Events{{"message", "", "a"}}));
  EXPECT_EQ(Parse("\xEF\xBB\xBF\xEF\xBB\xBF"
                  "data: a\n\ndata: b\n\n"),
            (Events{{"message", "", "b"}}));
  EXPECT_EQ(Parse("data: a\n\n\xEF\xBB\xBF"
                  "data: b\n\n"),
            (Events{{"message", "", "a"}}));
}

TEST(EventStreamParser, KeepsBytesThatOnlyBeginLikeAByteOrderMark) {
  EXPECT_EQ(Parse("\xEF\xBB"
                  "data: a\n\ndata: b\n\n"),
            (Events{{"message", "", "b"}}));
  EXPECT_EQ(Parse("\xEF\ndata: a\n\n"), (Events{{"message", "", "a"}}));
}

TEST(EventStreamParser, NamesEventsAndForgetsTheNameAfterEach) {
  EXPECT_EQ(Parse("event: add\ndata: 1\n\ndata: 2\n\nevent: x\nevent: y\ndata: 3\n\n"),
            (Events{{"add", "", "1"}, {"message", "", "2"}, {"y", "", "3"}}));
}

TEST(EventStreamParser, ForgetsTheNameOfAnEventWithoutData) {
  EXPECT_EQ(Parse("event: add\n\ndata: 1\n\n"), (Events{{"message", "", "1"}}));
}

TEST(EventStreamParser, KeepsTheIdForLaterEvents) {
  EXPECT_EQ(Parse("id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"),
            (Events{{"message", "7", "a"}, {"message", "7", "b"}, {"message", "", "c"}}));
}

TEST(EventStreamParser, IgnoresAnIdWithNul) {
  EXPECT_EQ(Parse("id: 7\ndata: a\n\nid: 8\0x\ndata: b\n\n"sv),
            (Events{{"message", "7", "a"}, {"message", "7", "b"}}));
}

TEST(EventStreamParser, MovesTheLastEventIdWithAnEventThatIsNotDispatched) {
  EventStreamParser parser("");
  Events events;
  ASSERT_TRUE(parser.Feed("id: 9\n", events).ok());
  EXPECT_EQ(parser.last_event_id(), "");
  ASSERT_TRUE(parser.Feed("\n", events).ok());
  EXPECT_EQ(parser.last_event_id(), "9");
  EXPECT_TRUE(events.empty());
}

TEST(EventStreamParser, StartsWithTheLastEventIdOfTheStreamBefore) {
  EventStreamParser parser("41");
  Events events;
  ASSERT_TRUE(parser.Feed("data: a\n\n", events).ok());
  EXPECT_EQ(events, (Events{{"message", "41", "a"}}));
  EXPECT_EQ(parser.last_event_id(), "41");
}

TEST(EventStreamParser, TakesARetryOfDigitsOnly) {
  EventStreamParser parser("");
  Events events;
  for (const char* refused : {"retry: -1\n", "retry: 1s\n", "retry:\n", "retry\n", "retry: 1.5\n",
                              "retry:  5\n", "retry: 0x10\n"}) {
    ASSERT_TRUE(parser.Feed(refused, events).ok());
    EXPECT_FALSE(parser.reconnection_time().has_value()) << refused;
  }
  ASSERT_TRUE(parser.Feed("retry: 0250\n", events).ok());
  EXPECT_EQ(parser.reconnection_time(), absl::Milliseconds(250));
  ASSERT_TRUE(parser.Feed("retry: 99999999999999999999999\n", events).ok());
  EXPECT_EQ(parser.reconnection_time(), absl::Milliseconds(0x7FFFFFFF));
}

TEST(EventStreamParser, IgnoresUnknownFieldsAndOtherCases) {
  EXPECT_EQ(Parse("Data: a\nDATA: b\nfoo: c\n data: d\ndata : e\ndata: f\n\n"),
            (Events{{"message", "", "f"}}));
}

TEST(EventStreamParser, DoesNotDispatchWithoutData) {
  EXPECT_EQ(Parse("event: a\nid: 1\n\n\n\n: comment\n\n"), Events{});
}

TEST(EventStreamParser, ReplacesMalformedUtf8AsADecoderDoes) {
  EXPECT_EQ(Parse("data: \xFF\xE2\x82|\xED\xA0\x80|\xC3\xA9\n\n"),
            (Events{{"message", "", "\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD|\u00E9"}}));
}

TEST(EventStreamParser, RefusesALineOverTheLimitAndTakesOneAtIt) {
  const std::string head = "data:";
  const std::string at_limit(EventStreamParser::kLineSizeBytesMax - head.size(), 'x');
  EventStreamParser parser("");
  Events events;
  ASSERT_TRUE(parser.Feed(head + at_limit + "\n\n", events).ok());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data.size(), at_limit.size());
  EXPECT_EQ(parser.Feed(head + at_limit + "x", events).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(EventStreamParser, RefusesAnEventOverTheLimit) {
  EventStreamParser parser("");
  Events events;
  const std::string line = "data:" + std::string(1 << 19, 'x') + "\n";
  absl::Status status;
  for (int i = 0; i < 64 && status.ok(); ++i) status = parser.Feed(line, events);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace sluice::cli
