#include <gtest/gtest.h>

#include <list>
#include <optional>
#include <random>
#include <string>

#include "edge/session/outbox.h"
#include "edge/sse/server_events.h"
#include "tests/support/stream/frames.h"

namespace sluice {
namespace {

using tests::FrameOf;

const EventNumber kBefore = {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, 1'000'000'000'000'000};

EventNumber Number(std::uint64_t step) {
  EventNumber number = kBefore;
  number.sequence += step;
  return number;
}

// An event with a number; step 0: without.
FramePointer EventOf(const std::string& text, std::uint64_t step, const std::string& key = "",
                     absl::Duration expires = absl::InfiniteDuration()) {
  FrameTraits traits;
  if (step > 0) traits.number = Number(step);
  if (!key.empty() || expires < absl::InfiniteDuration()) {
    traits.rules = std::make_shared<const QueueRules>(QueueRules{key, expires});
  }
  return FramePointer(new Frame(std::make_shared<const std::string>(text), std::move(traits)));
}

std::string GapText(std::uint64_t from, std::uint64_t to) {
  return EncodeGap("dropped", Number(from).ToString(), Number(to).ToString(),
                   Number(to).ToString());
}

std::string Shown(const Outbox& outbox) {
  std::vector<iovec> parts(4096);
  const int count = outbox.Gather(parts.data(), static_cast<int>(parts.size()));
  std::string text;
  for (int i = 0; i < count; ++i) {
    const iovec& part = parts[static_cast<std::size_t>(i)];
    text.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  return text;
}

std::size_t CostOf(const std::string& text) {
  return text.size() + Frame::kOverheadBytes;
}

TEST(OutboxPolicy, ANewerEventTakesThePlaceOfOneWithItsKeyThatStillWaits) {
  Outbox outbox(kBefore);
  outbox.Push(EventOf("a1,", 1, "a"), 0);
  outbox.Push(EventOf("b1,", 2, "b"), 0);
  outbox.Push(EventOf("x,", 3), 0);
  outbox.Push(EventOf("a2,", 4, "a"), 0);
  EXPECT_EQ(Shown(outbox), "b1,x,a2,");
  outbox.Push(EventOf("a3,", 5, "a"), 0);
  EXPECT_EQ(Shown(outbox), "b1,x,a3,");
  EXPECT_EQ(outbox.cost(), CostOf("b1,") + CostOf("x,") + CostOf("a3,"));
}

TEST(OutboxPolicy, AnEventThatHasBegunIsFinishedWhateverComes) {
  Outbox outbox(kBefore);
  outbox.Push(EventOf("a1,", 1, "a", absl::Seconds(1)), 1);
  outbox.Push(EventOf("a2,", 2, "a"), 0);
  outbox.DropExpired(absl::Seconds(2));
  EXPECT_EQ(Shown(outbox), "1,a2,");
  EXPECT_FALSE(outbox.DropOldest(0));
  EXPECT_EQ(Shown(outbox), "1," + GapText(1, 2));
}

TEST(OutboxPolicy, WhatHasExpiredGoesWithoutAWord) {
  Outbox outbox(kBefore);
  outbox.Push(EventOf("a,", 1, "", absl::Seconds(1)), 0);
  outbox.Push(EventOf("b,", 2, "", absl::Seconds(3)), 0);
  outbox.Push(EventOf("c,", 3), 0);
  outbox.DropExpired(absl::Milliseconds(999));
  EXPECT_EQ(Shown(outbox), "a,b,c,");
  outbox.DropExpired(absl::Seconds(1));
  EXPECT_EQ(Shown(outbox), "b,c,");
  outbox.DropExpired(absl::Seconds(3));
  EXPECT_EQ(Shown(outbox), "c,");
}

TEST(OutboxPolicy, TheOldestMakeRoomAndOneGapTellsIt) {
  Outbox outbox(kBefore);
  for (std::uint64_t i = 1; i <= 20; ++i) outbox.Push(EventOf(std::string(500, 'x'), i), 0);
  outbox.Push(EventOf("last,", 21), 0);
  EXPECT_TRUE(outbox.DropOldest(CostOf("last,") + CostOf(GapText(0, 20))));
  EXPECT_EQ(Shown(outbox), GapText(0, 20) + "last,");
  outbox.Push(EventOf("new,", 22), 0);
  EXPECT_TRUE(outbox.DropOldest(CostOf("new,") + CostOf(GapText(0, 21))));
  EXPECT_EQ(Shown(outbox), GapText(0, 21) + "new,");
}

TEST(OutboxPolicy, TheServersOwnEventsAreNeverDropped) {
  Outbox outbox(kBefore);
  outbox.Push(EventOf("a,", 1), 0);
  outbox.Push(FramePointer(new Frame(std::make_shared<const std::string>("own,"),
                                     {.number = Number(2), .is_own = true})),
              0);
  outbox.Push(EventOf("b,", 3), 0);
  EXPECT_FALSE(outbox.DropOldest(0));
  EXPECT_EQ(Shown(outbox), GapText(0, 1) + "own," + GapText(2, 3));
}

TEST(OutboxPolicy, WhatIsRefusedIsToldAtItsPlaceByOneGap) {
  Outbox outbox(kBefore);
  outbox.Push(EventOf("a,", 1), 0);
  outbox.Refuse(*EventOf("b,", 2));
  outbox.Refuse(*EventOf("ephemeral,", 0));
  outbox.Refuse(*EventOf("c,", 4));
  outbox.Push(EventOf("d,", 5), 0);
  outbox.Refuse(*EventOf("e,", 6));
  EXPECT_EQ(Shown(outbox), "a," + GapText(1, 4) + "d," + GapText(5, 6));
}

TEST(OutboxPolicy, AGapThatHasBegunIsNotWidened) {
  Outbox outbox(kBefore);
  outbox.Refuse(*EventOf("a,", 1));
  outbox.Consume(5);
  outbox.Refuse(*EventOf("b,", 2));
  EXPECT_EQ(Shown(outbox), GapText(0, 1).substr(5) + GapText(1, 2));
}

TEST(OutboxPolicy, GapsBeginWhereTheStreamStoodAlsoWhenAllBeforeIsWritten) {
  Outbox outbox(kBefore);
  outbox.Push(EventOf("a,", 7), 0);
  outbox.Push(EventOf("ephemeral,", 0), 0);
  outbox.Consume(2);
  outbox.Refuse(*EventOf("ephemeral too,", 0));
  EXPECT_EQ(Shown(outbox), "ephemeral," + GapText(7, 7));
  EXPECT_EQ(outbox.position(), Number(7));
}

TEST(OutboxPolicy, AGapOfAStreamWhosePositionIsUnknownMovesItNowhere) {
  Outbox outbox;
  outbox.Refuse(*EventOf("a,", 0));
  EXPECT_EQ(Shown(outbox), EncodeGap("dropped", "", "", std::nullopt));
}

// The same rules, written for a list without regard to cost.
class Model {
 public:
  struct Entry {
    std::string text;
    std::uint64_t step;  // 0: none.
    std::string key;
    absl::Duration expires;
    std::optional<std::uint64_t> gap_from;
  };

  void Push(const Entry& entry) {
    for (auto i = FirstUnbegun(); i != entries_.end();) {
      i = !entry.key.empty() && i->key == entry.key ? entries_.erase(i) : std::next(i);
    }
    entries_.push_back(entry);
  }
  void Consume(std::size_t bytes) {
    written_ += bytes;
    while (!entries_.empty() && written_ >= entries_.front().text.size()) {
      written_ -= entries_.front().text.size();
      if (entries_.front().step > 0) position_ = entries_.front().step;
      entries_.pop_front();
    }
  }
  void DropExpired(absl::Duration uptime) {
    for (auto i = FirstUnbegun(); i != entries_.end();) {
      i = i->expires <= uptime ? entries_.erase(i) : std::next(i);
    }
  }
  void DropOldest(std::size_t cost_max) {
    for (auto i = FirstUnbegun(); i != entries_.end() && cost() > cost_max; ++i) {
      if (i->gap_from.has_value()) continue;
      const Entry dropped = *i;
      const auto next = entries_.erase(i);
      const Entry gap = GapBefore(next, dropped);
      i = entries_.insert(next, gap);
      if (i != FirstUnbegun() && std::prev(i)->gap_from.has_value()) entries_.erase(std::prev(i));
    }
  }
  void Refuse(const Entry& entry) {
    const auto gap = entries_.insert(entries_.end(), GapBefore(entries_.end(), entry));
    if (gap != FirstUnbegun() && std::prev(gap)->gap_from.has_value()) {
      entries_.erase(std::prev(gap));
    }
  }
  std::size_t cost() const {
    std::size_t cost = 0;
    for (const Entry& entry : entries_) cost += CostOf(entry.text);
    return cost;
  }
  std::string Shown() const {
    std::string text;
    for (const Entry& entry : entries_) text += entry.text;
    return text.substr(std::min(written_, text.size()));
  }

 private:
  std::list<Entry>::iterator FirstUnbegun() {
    return written_ > 0 ? std::next(entries_.begin()) : entries_.begin();
  }
  Entry GapBefore(std::list<Entry>::iterator end, const Entry& dropped) {
    std::uint64_t from = position_;
    for (auto i = entries_.begin(); i != end; ++i) {
      if (i->step > 0) from = i->step;
    }
    const std::uint64_t to = dropped.step > 0 ? dropped.step : from;
    if (end != entries_.begin() && end != FirstUnbegun() && std::prev(end)->gap_from.has_value()) {
      from = *std::prev(end)->gap_from;
    }
    return {GapText(from, to), to, "", absl::InfiniteDuration(), from};
  }

  std::list<Entry> entries_;
  std::size_t written_ = 0;
  std::uint64_t position_ = 0;
};

TEST(OutboxPolicy, AnyOrderOfChangesComesToWhatTheRulesSay) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](int count) {
      return std::uniform_int_distribution<int>(0, count - 1)(random);
    };
    Outbox outbox(kBefore);
    Model model;
    std::uint64_t step = 0;
    absl::Duration uptime = absl::ZeroDuration();
    for (int i = 0; i < 2000; ++i) {
      ++step;
      Model::Entry entry = {
          std::to_string(i) + std::string(static_cast<std::size_t>(below(300)), '.') + ",",
          below(5) == 0 ? 0 : step,
          below(3) == 0 ? std::string(1, static_cast<char>('a' + below(4))) : "",
          below(4) == 0 ? uptime + absl::Seconds(below(50)) : absl::InfiniteDuration(),
          std::nullopt};
      const FramePointer frame = EventOf(entry.text, entry.step, entry.key, entry.expires);
      const int dice = below(100);
      if (dice < 60) {
        outbox.Push(frame, 0);
        model.Push(entry);
      } else if (dice < 75) {
        const std::size_t bytes = static_cast<std::size_t>(below(500));
        const std::size_t written = std::min(bytes, model.Shown().size());
        outbox.Consume(written);
        model.Consume(written);
      } else if (dice < 80) {
        uptime += absl::Seconds(10);
        outbox.DropExpired(uptime);
        model.DropExpired(uptime);
      } else if (dice < 90) {
        const std::size_t cost_max = static_cast<std::size_t>(below(6000));
        EXPECT_EQ(outbox.DropOldest(cost_max),
                  (model.DropOldest(cost_max), model.cost() <= cost_max));
      } else {
        outbox.Refuse(*frame);
        model.Refuse(entry);
      }
      ASSERT_EQ(Shown(outbox), model.Shown()) << "seed " << seed << ", change " << i;
      ASSERT_EQ(outbox.cost(), model.cost()) << "seed " << seed << ", change " << i;
    }
  }
}

// Taking events out of the middle again and again must not make the outbox grow.
TEST(OutboxPolicy, KeepsNoTraceOfWhatWasReplaced) {
  Outbox outbox(kBefore);
  outbox.Push(EventOf("stuck,", 1), 1);
  for (std::uint64_t i = 2; i < 100'000; ++i) outbox.Push(EventOf("price,", i, "price"), 0);
  EXPECT_EQ(Shown(outbox), "tuck,price,");
  EXPECT_EQ(outbox.cost(), CostOf("stuck,") + CostOf("price,"));
}

}  // namespace
}  // namespace sluice
