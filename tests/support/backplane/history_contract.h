#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/backplane/backplane_contract.h"

// What every Backplane must do for streams that come back. Its drivers are BackplaneContract's,
// with the history of SmallHistory().

namespace sluice::tests {

inline HistoryOptions SmallHistory() {
  HistoryOptions history;
  history.standard = {5, absl::Minutes(10)};
  history.bytes_max = 10'000;
  history.by_prefix = {{"group:off.", {0, absl::ZeroDuration()}},
                       {"group:long.", {300, absl::Minutes(20)}}};
  return history;
}

template <typename Driver>
class HistoryContract : public BackplaneContract<Driver> {
 protected:
  using Payloads = std::vector<std::string>;

  EventNumber Keep(const std::string& channel, const std::string& payload) {
    return this->Publish({channel, payload, false, std::nullopt, /*is_kept=*/true}).number;
  }

  HistoryRead Read(std::vector<HistorySpan> spans, std::vector<std::string> client_ids = {},
                   std::size_t bytes_max = 1 << 20) {
    absl::StatusOr<HistoryRead> answer = absl::UnknownError("none yet");
    bool has_come = false;
    this->backplane().ReadHistory({std::move(spans), std::move(client_ids), bytes_max},
                                  [&](absl::StatusOr<HistoryRead> read) {
                                    answer = std::move(read);
                                    has_come = true;
                                  });
    this->driver_.Settle([&] { return has_come; });
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : HistoryRead();
  }

  static Payloads PayloadsOf(const ChannelHistory& history) {
    Payloads payloads;
    for (const HistoryEntry& entry : history.entries) payloads.push_back(entry.payload);
    return payloads;
  }
};

TYPED_TEST_SUITE_P(HistoryContract);

TYPED_TEST_P(HistoryContract, ReadsWhatWasKeptAboveANumberInOrder) {
  const EventNumber one = this->Keep("group:a", "one");
  this->Keep("group:b", "of another channel");
  const EventNumber two = this->Keep("group:a", "two with\r\n");
  const HistoryRead all = this->Read({{"group:a", 0}, {"group:nobody", 0}});
  ASSERT_EQ(all.channels.size(), 2U);
  ASSERT_EQ(all.channels[0].entries.size(), 2U);
  EXPECT_EQ(all.channels[0].entries[0].number, one);
  EXPECT_EQ(all.channels[0].entries[1].number, two);
  EXPECT_TRUE(all.channels[1].entries.empty());
  EXPECT_EQ(all.last.epoch, two.epoch);
  EXPECT_GE(all.last.sequence, two.sequence);
  EXPECT_EQ(all.complete_to, all.last.sequence);
  EXPECT_EQ(all.channels[0].GapTo(one.sequence, all.last.sequence), 0U);
  EXPECT_EQ(TestFixture::PayloadsOf(this->Read({{"group:a", one.sequence}}).channels[0]),
            (std::vector<std::string>{"two with\r\n"}));
}

TYPED_TEST_P(HistoryContract, KeepsNothingThatIsNotToBeKept) {
  const EventNumber before = this->Keep("group:a", "kept");
  this->Publish("group:a", "ephemeral");
  this->Keep("group:off.a", "of a channel without history");
  const HistoryRead read = this->Read({{"group:a", 0}, {"group:off.a", 0}});
  EXPECT_EQ(TestFixture::PayloadsOf(read.channels[0]), (std::vector<std::string>{"kept"}));
  EXPECT_TRUE(read.channels[1].entries.empty());
  EXPECT_EQ(read.channels[1].GapTo(1, read.last.sequence), 0U);
  EXPECT_GT(read.last.sequence, before.sequence);
}

TYPED_TEST_P(HistoryContract, TellsWhatWasCutBySize) {
  std::vector<EventNumber> numbers;
  for (int i = 0; i < 8; ++i) numbers.push_back(this->Keep("all", std::to_string(i)));
  const HistoryRead read = this->Read({{"all", 0}});
  const ChannelHistory& history = read.channels[0];
  EXPECT_EQ(TestFixture::PayloadsOf(history), (std::vector<std::string>{"3", "4", "5", "6", "7"}));
  EXPECT_EQ(history.trimmed_to, numbers[2].sequence);
  EXPECT_EQ(history.GapTo(numbers[1].sequence, read.last.sequence), numbers[2].sequence);
  EXPECT_EQ(history.GapTo(numbers[2].sequence, read.last.sequence), 0U);
}

TYPED_TEST_P(HistoryContract, TellsWhatWasCutByBytesAndKeepsTheNewestAlways) {
  const EventNumber first = this->Keep("group:a", std::string(6000, 'a'));
  this->Keep("group:a", std::string(6000, 'b'));
  const HistoryRead two = this->Read({{"group:a", 0}});
  EXPECT_EQ(TestFixture::PayloadsOf(two.channels[0]), std::vector{std::string(6000, 'b')});
  EXPECT_EQ(two.channels[0].trimmed_to, first.sequence);
  this->Keep("group:a", std::string(20'000, 'c'));
  EXPECT_EQ(TestFixture::PayloadsOf(this->Read({{"group:a", 0}}).channels[0]),
            std::vector{std::string(20'000, 'c')});
}

TYPED_TEST_P(HistoryContract, TellsTheTimeByWhichNumbersAreOld) {
  const std::uint64_t sequence = this->Keep("group:a", "one").sequence;
  const std::uint64_t time_us = this->Read({{"group:a", 0}}).time_us;
  EXPECT_GE(time_us + 1'000, sequence) << "numbers of one moment run ahead of it";
  EXPECT_LT(time_us, sequence + 60'000'000);
}

TYPED_TEST_P(HistoryContract, ForgetsAnIdleChannelAfterItsAge) {
  const EventNumber old = this->Keep("group:a", "x");
  this->Keep("group:long.a", "y");
  this->driver_.Advance(absl::Minutes(11));
  const EventNumber now = this->Keep("group:b", "z");
  const HistoryRead read = this->Read({{"group:a", old.sequence - 1}, {"group:long.a", 0}});
  EXPECT_TRUE(read.channels[0].entries.empty());
  EXPECT_EQ(TestFixture::PayloadsOf(read.channels[1]), (std::vector<std::string>{"y"}));
  EXPECT_GE(read.last.sequence, now.sequence);
}

TYPED_TEST_P(HistoryContract, ReadsPagesInTheOrderOfNumbersOverAllChannels) {
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(std::to_string(i) + std::string(20, 'x'));
    this->Keep(i % 3 == 0 ? "group:long.a" : "group:long.b", sent.back());
  }
  std::vector<std::string> got;
  std::uint64_t after = 0;
  int pages = 0;
  for (bool is_complete = false; !is_complete && pages < 100; ++pages) {
    const HistoryRead read =
        this->Read({{"group:long.a", after}, {"group:long.b", after}}, {}, 1000);
    std::vector<HistoryEntry> page;
    for (const ChannelHistory& channel : read.channels) {
      page.insert(page.end(), channel.entries.begin(), channel.entries.end());
    }
    std::sort(page.begin(), page.end(), [](const HistoryEntry& a, const HistoryEntry& b) {
      return a.number.sequence < b.number.sequence;
    });
    for (const HistoryEntry& entry : page) got.push_back(entry.payload);
    after = read.complete_to;
    is_complete = read.complete_to == read.last.sequence;
  }
  EXPECT_EQ(got, sent);
  EXPECT_GT(pages, 3);
}

TYPED_TEST_P(HistoryContract, ReadsRecordsOfTheSameMoment) {
  ASSERT_TRUE(this->Change("ada", this->SetTo("tier", "gold")).ok());
  const HistoryRead read = this->Read({{"all", 0}}, {"ada", "bob"});
  ASSERT_EQ(read.records.size(), 2U);
  ASSERT_NE(read.records[0], nullptr);
  EXPECT_EQ(read.records[0]->version, 1);
  EXPECT_EQ(read.records[0]->metadata.fields().at("tier").string_value(), "gold");
  EXPECT_EQ(read.records[1], nullptr);
}

REGISTER_TYPED_TEST_SUITE_P(HistoryContract, ReadsWhatWasKeptAboveANumberInOrder,
                            TellsTheTimeByWhichNumbersAreOld, KeepsNothingThatIsNotToBeKept,
                            TellsWhatWasCutBySize, TellsWhatWasCutByBytesAndKeepsTheNewestAlways,
                            ForgetsAnIdleChannelAfterItsAge,
                            ReadsPagesInTheOrderOfNumbersOverAllChannels,
                            ReadsRecordsOfTheSameMoment);

}  // namespace sluice::tests
