#include "control/resume/stream_replay.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/stream/frames.h"
#include "tests/support/wire/event_stream_parser.h"

namespace sluice {
namespace {

constexpr std::size_t kMuch = 1 << 20;

EventNumber Number(std::uint64_t sequence, char epoch = 'a') {
  EventNumber number;
  number.epoch.fill(epoch);
  number.sequence = sequence;
  return number;
}

StreamReplay::Part Part(std::vector<EventNumber> numbers, const EventNumber& complete_to,
                        bool is_last = true) {
  StreamReplay::Part part;
  for (const EventNumber& number : numbers) {
    OrderedEvent event;
    event.number = number;
    const std::string id = number.ToString();
    event.bytes = std::make_shared<const std::string>(EncodeEvent({.data = "x", .id = id}));
    event.is_resumable = true;
    part.events.push_back(std::move(event));
  }
  part.complete_to = complete_to;
  part.is_last = is_last;
  return part;
}

// One word an event: its number, or what the server tells and where the stream is then.
std::vector<std::string> Words(const ReplayPage& page) {
  std::vector<std::string> words;
  for (const ReplayItem& item : page.items) {
    tests::EventStreamParser parser;
    for (const auto& event : parser.Feed(*item.bytes)) {
      std::string word = event.event == "message" ? "" : event.event.substr(7) + " ";
      const std::size_t reason = event.data.find("\"reason\":\"");
      if (reason != std::string::npos) {
        word +=
            event.data.substr(reason + 10, event.data.find('"', reason + 10) - reason - 10) + " ";
      }
      const auto id = EventNumber::Parse(event.id.value_or(""));
      words.push_back(word + (id.has_value() ? id->epoch[0] + std::to_string(id->sequence) : "-"));
    }
  }
  return words;
}

using List = std::vector<std::string>;

TEST(StreamReplay, AFreshStreamJoinsWhereTheReadEnds) {
  StreamReplay replay(std::nullopt);
  const ReplayPage page = replay.NextPage(Part({}, Number(9)), kMuch);
  EXPECT_EQ(page.opening->id, Number(9).ToString());
  EXPECT_FALSE(page.opening->is_resumed);
  EXPECT_TRUE(page.items.empty());
  EXPECT_EQ(page.live->position, Number(9));
}

TEST(StreamReplay, AnUnknownIdIsTold) {
  StreamReplay replay(std::optional<std::string>("what"));
  const ReplayPage page = replay.NextPage(Part({}, Number(9)), kMuch);
  EXPECT_EQ(page.opening->id, std::nullopt);
  EXPECT_EQ(Words(page), (List{"gap unknown_id a9"}));
  EXPECT_EQ(page.live->position, Number(9));
}

TEST(StreamReplay, WhatWasMissedComesOnceAndInOrder) {
  StreamReplay replay("id", Number(3));
  const ReplayPage page =
      replay.NextPage(Part({Number(2), Number(3), Number(5), Number(7)}, Number(7)), kMuch);
  EXPECT_EQ(page.opening->id, "id");
  EXPECT_TRUE(page.opening->is_resumed);
  EXPECT_EQ(Words(page), (List{"a5", "a7"}));
  EXPECT_EQ(page.live->position, Number(7));
}

TEST(StreamReplay, APositionAboveTheLastIdWrittenIsTold) {
  StreamReplay replay("id", Number(3));
  EXPECT_EQ(Words(replay.NextPage(Part({Number(5)}, Number(8)), kMuch)),
            (List{"a5", "position a8"}));
  StreamReplay same("id", Number(3));
  EXPECT_EQ(Words(same.NextPage(Part({}, Number(3)), kMuch)), List());
}

TEST(StreamReplay, WhatWasTrimmedIsToldFirstAndDoesNotMoveTheStream) {
  StreamReplay replay("id", Number(3));
  StreamReplay::Part part = Part({Number(5), Number(9)}, Number(9));
  part.gap_to = 7;
  const ReplayPage page = replay.NextPage(std::move(part), kMuch);
  EXPECT_FALSE(page.opening->is_resumed);
  EXPECT_EQ(Words(page), (List{"gap trimmed -", "a5", "a9"}));
}

TEST(StreamReplay, AnotherEpochIsToldBeforeItsFirstEvent) {
  StreamReplay replay("id", Number(3));
  EXPECT_EQ(Words(replay.NextPage(Part({Number(4), Number(6, 'b')}, Number(6, 'b')), kMuch)),
            (List{"a4", "gap epoch_changed b5", "b6"}));
}

TEST(StreamReplay, AnotherEpochIsToldWhenNothingIsLeft) {
  StreamReplay replay("id", Number(3));
  EXPECT_EQ(Words(replay.NextPage(Part({}, Number(8, 'b')), kMuch)),
            (List{"gap epoch_changed b8"}));
}

TEST(StreamReplay, AnIdAboveTheLastNumberNeverEndsTheEpoch) {
  StreamReplay replay("id", Number(30));
  const ReplayPage page = replay.NextPage(Part({}, Number(8)), kMuch);
  EXPECT_EQ(Words(page), (List{"gap epoch_changed a8"}));
  EXPECT_EQ(page.live->position, Number(8));
}

TEST(StreamReplay, WhatIsTooMuchForAPageComesWithTheNext) {
  StreamReplay replay("id", Number(1));
  const ReplayPage first = replay.NextPage(Part({Number(2), Number(3), Number(4)}, Number(9)), 200);
  EXPECT_EQ(Words(first), (List{"a2"}));
  EXPECT_FALSE(first.live.has_value());
  EXPECT_EQ(replay.position(), Number(2));
  const ReplayPage second = replay.NextPage(Part({Number(3), Number(4)}, Number(9)), kMuch);
  EXPECT_FALSE(second.opening.has_value());
  EXPECT_EQ(Words(second), (List{"a3", "a4", "position a9"}));
  EXPECT_TRUE(second.live.has_value());
}

TEST(StreamReplay, APartThatIsNotTheLastMovesTheStreamToItsEnd) {
  StreamReplay replay("id", Number(1));
  const ReplayPage page = replay.NextPage(Part({Number(2)}, Number(5), /*is_last=*/false), kMuch);
  EXPECT_FALSE(page.live.has_value());
  EXPECT_EQ(replay.position(), Number(5));
}

TEST(StreamReplay, EarliestIsToldNoGapForWhatWasNeverPromised) {
  StreamReplay replay = StreamReplay::FromEarliest();
  StreamReplay::Part part = Part({Number(5), Number(6, 'b')}, Number(6, 'b'));
  part.gap_to = 4;
  const ReplayPage page = replay.NextPage(std::move(part), kMuch);
  EXPECT_EQ(page.opening->id, std::nullopt);
  EXPECT_EQ(Words(page), (List{"a5", "gap epoch_changed b5", "b6"}));
}

}  // namespace
}  // namespace sluice
