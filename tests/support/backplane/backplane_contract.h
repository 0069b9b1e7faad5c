#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/backplane/channel.h"
#include "tests/support/time/manual_clock.h"

// What every Backplane must do. A Driver makes one and drives it. It has a constant kRecordTtl, a
// backplane(), the clock() that numbers are made of and records expire by, and Settle(holds), which
// runs what is under way until holds() returns true.
//
// INSTANTIATE_TYPED_TEST_SUITE_P(Name, BackplaneContract, Driver) runs the suite on it.

namespace sluice::tests {

// Writes down what a listener is told.
class RecordingListener : public Backplane::Listener {
 public:
  struct Message {
    std::string channel;
    EventNumber number;
    std::string payload;
  };

  void OnMessage(const std::string& channel, const EventNumber& number,
                 std::string_view payload) override {
    messages.push_back({channel, number, std::string(payload)});
  }
  void OnRecordChanged(const std::string& client_id,
                       std::shared_ptr<const Record> record) override {
    changes.emplace_back(client_id, std::move(record));
  }

  std::vector<Message> messages;
  std::vector<std::pair<std::string, std::shared_ptr<const Record>>> changes;
};

template <typename Driver>
class BackplaneContract : public testing::Test {
 protected:
  BackplaneContract() { driver_.backplane().Start(listener_); }

  using RecordAnswer = absl::StatusOr<std::shared_ptr<const Record>>;

  Backplane& backplane() { return driver_.backplane(); }

  Backplane::Published Publish(const std::string& channel, const std::string& payload) {
    std::optional<absl::StatusOr<Backplane::Published>> answer;
    backplane().Publish(channel, payload, [&](auto published) { answer = std::move(published); });
    driver_.Settle([&] { return answer.has_value(); });
    EXPECT_TRUE(answer->ok()) << answer->status();
    return answer->ok() ? **answer : Backplane::Published();
  }

  void Subscribe(const std::string& channel) {
    bool is_subscribed = false;
    backplane().Subscribe(channel, [&] { is_subscribed = true; });
    driver_.Settle([&] { return is_subscribed; });
  }

  RecordAnswer Read(const std::string& client_id) {
    std::optional<RecordAnswer> answer;
    backplane().ReadRecord(client_id, [&](RecordAnswer read) { answer = std::move(read); });
    driver_.Settle([&] { return answer.has_value(); });
    return *answer;
  }

  RecordAnswer Change(const std::string& client_id, const RecordChange& change) {
    std::optional<RecordAnswer> answer;
    backplane().ChangeRecord(client_id, change,
                             [&](RecordAnswer changed) { answer = std::move(changed); });
    driver_.Settle([&] { return answer.has_value(); });
    return *answer;
  }

  static RecordChange SetTo(const std::string& key, const std::string& value) {
    RecordChange change;
    (*change.set.mutable_fields())[key].set_string_value(value);
    return change;
  }

  Driver driver_;
  RecordingListener listener_;
};

TYPED_TEST_SUITE_P(BackplaneContract);

TYPED_TEST_P(BackplaneContract, GivesGrowingNumbersOverAllChannels) {
  std::uint64_t last = this->backplane().position().sequence;
  for (int i = 0; i < 100; ++i) {
    const auto published = this->Publish(i % 2 == 0 ? "all" : "group:a", "x");
    ASSERT_GT(published.number.sequence, last);
    ASSERT_EQ(published.number.epoch, this->backplane().position().epoch);
    last = published.number.sequence;
  }
}

TYPED_TEST_P(BackplaneContract, GivesGrowingNumbersWhenTheClockGoesBack) {
  const auto first = this->Publish("all", "x");
  this->driver_.clock().SetNow(this->driver_.clock().Now() - absl::Hours(1));
  const auto second = this->Publish("all", "x");
  EXPECT_EQ(second.number.sequence, first.number.sequence + 1);
}

TYPED_TEST_P(BackplaneContract, GivesNumbersThatTellTheTime) {
  this->driver_.clock().Advance(absl::Minutes(5));
  const auto published = this->Publish("all", "x");
  EXPECT_EQ(published.number.sequence,
            static_cast<std::uint64_t>(absl::ToUnixMicros(this->driver_.clock().Now())));
}

TYPED_TEST_P(BackplaneContract, CarriesMessagesToSubscribedChannelsOnly) {
  this->Subscribe("group:a");
  EXPECT_EQ(this->Publish("group:b", "no").receivers, 0);
  EXPECT_EQ(this->Publish("group:a", "yes").receivers, 1);
  this->driver_.Settle([&] { return !this->listener_.messages.empty(); });
  ASSERT_EQ(this->listener_.messages.size(), 1U);
  EXPECT_EQ(this->listener_.messages[0].channel, "group:a");
  EXPECT_EQ(this->listener_.messages[0].payload, "yes");
}

TYPED_TEST_P(BackplaneContract, CarriesEachMessageOnceInTheOrderOfTheNumbers) {
  this->Subscribe("all");
  this->Subscribe("group:a");
  std::vector<std::uint64_t> published;
  for (int i = 0; i < 50; ++i) {
    published.push_back(
        this->Publish(i % 3 == 0 ? "all" : "group:a", std::to_string(i)).number.sequence);
  }
  this->driver_.Settle([&] { return this->listener_.messages.size() >= 50; });
  ASSERT_EQ(this->listener_.messages.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(this->listener_.messages[i].payload, std::to_string(i));
    EXPECT_EQ(this->listener_.messages[i].number.sequence, published[i]);
  }
  EXPECT_GE(this->backplane().position().sequence, published.back());
}

TYPED_TEST_P(BackplaneContract, CarriesAnyBytes) {
  this->Subscribe("all");
  const std::string payload("\0\r\n\xFF $5\r\n", 9);
  this->Publish("all", payload);
  this->Publish("all", "");
  this->driver_.Settle([&] { return this->listener_.messages.size() >= 2; });
  EXPECT_EQ(this->listener_.messages[0].payload, payload);
  EXPECT_EQ(this->listener_.messages[1].payload, "");
}

TYPED_TEST_P(BackplaneContract, CarriesNothingAfterAnUnsubscribe) {
  this->Subscribe("group:a");
  this->backplane().Unsubscribe("group:a");
  this->Subscribe("group:b");  // Whatever came before it has been done.
  EXPECT_EQ(this->Publish("group:a", "late").receivers, 0);
  this->Publish("group:b", "mark");
  this->driver_.Settle([&] { return !this->listener_.messages.empty(); });
  ASSERT_EQ(this->listener_.messages.size(), 1U);
  EXPECT_EQ(this->listener_.messages[0].payload, "mark");
}

TYPED_TEST_P(BackplaneContract, SubscribesAgainAfterAnUnsubscribe) {
  this->Subscribe("group:a");
  this->backplane().Unsubscribe("group:a");
  this->Subscribe("group:a");
  EXPECT_EQ(this->Publish("group:a", "x").receivers, 1);
  this->driver_.Settle([&] { return !this->listener_.messages.empty(); });
  EXPECT_EQ(this->listener_.messages.size(), 1U);
}

TYPED_TEST_P(BackplaneContract, KeepsRecordsOfClients) {
  EXPECT_EQ(*this->Read("ada"), nullptr);
  const auto changed = this->Change("ada", this->SetTo("plan", "pro"));
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ((*changed)->version, 1);
  const auto read = this->Read("ada");
  ASSERT_TRUE(read.ok());
  ASSERT_NE(*read, nullptr);
  EXPECT_EQ((*read)->metadata.fields().at("plan").string_value(), "pro");
  EXPECT_EQ(*this->Read("bob"), nullptr);
  EXPECT_EQ((*this->Change("ada", this->SetTo("plan", "free")))->version, 2);
}

TYPED_TEST_P(BackplaneContract, KeepsTheRecordWhenAChangeFails) {
  this->Change("ada", this->SetTo("plan", "pro")).IgnoreError();
  RecordChange wrong = this->SetTo("plan", "free");
  wrong.expected_version = 7;
  EXPECT_EQ(this->Change("ada", wrong).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ((*this->Read("ada"))->metadata.fields().at("plan").string_value(), "pro");
  EXPECT_EQ((*this->Read("ada"))->version, 1);
}

TYPED_TEST_P(BackplaneContract, TellsOfChangesOfSubscribedClients) {
  this->Subscribe(ClientChannel("ada"));
  this->Change("bob", this->SetTo("plan", "pro")).IgnoreError();
  this->Change("ada", this->SetTo("plan", "pro")).IgnoreError();
  this->driver_.Settle([&] { return !this->listener_.changes.empty(); });
  ASSERT_EQ(this->listener_.changes.size(), 1U);
  EXPECT_EQ(this->listener_.changes[0].first, "ada");
  EXPECT_EQ(this->listener_.changes[0].second->version, 1);
  RecordChange wrong = this->SetTo("plan", "free");
  wrong.expected_version = 7;
  this->Change("ada", wrong).IgnoreError();
  EXPECT_EQ(this->listener_.changes.size(), 1U) << "a failed change is no change";
}

TYPED_TEST_P(BackplaneContract, DropsRecordsWhenTheirTimeIsOver) {
  this->Change("ada", this->SetTo("plan", "pro")).IgnoreError();
  this->driver_.clock().Advance(TypeParam::kRecordTtl - absl::Seconds(1));
  EXPECT_NE(*this->Read("ada"), nullptr);
  this->driver_.clock().Advance(absl::Seconds(2));
  EXPECT_EQ(*this->Read("ada"), nullptr);
  EXPECT_EQ((*this->Change("ada", this->SetTo("plan", "new")))->version, 1);
}

TYPED_TEST_P(BackplaneContract, KeepsRecordsThatAreRenewedOrChanged) {
  this->Change("renewed", this->SetTo("plan", "pro")).IgnoreError();
  this->Change("changed", this->SetTo("plan", "pro")).IgnoreError();
  this->Change("forgotten", this->SetTo("plan", "pro")).IgnoreError();
  for (int i = 0; i < 5; ++i) {
    this->driver_.clock().Advance(TypeParam::kRecordTtl / 2);
    this->backplane().RenewRecords({"renewed", "nobody"});
    this->Change("changed", this->SetTo("round", std::to_string(i))).IgnoreError();
  }
  EXPECT_NE(*this->Read("renewed"), nullptr);
  EXPECT_EQ((*this->Read("changed"))->version, 6);
  EXPECT_EQ(*this->Read("forgotten"), nullptr);
  EXPECT_EQ(*this->Read("nobody"), nullptr) << "a renewal makes no record";
}

REGISTER_TYPED_TEST_SUITE_P(BackplaneContract, GivesGrowingNumbersOverAllChannels,
                            GivesGrowingNumbersWhenTheClockGoesBack, GivesNumbersThatTellTheTime,
                            CarriesMessagesToSubscribedChannelsOnly,
                            CarriesEachMessageOnceInTheOrderOfTheNumbers, CarriesAnyBytes,
                            CarriesNothingAfterAnUnsubscribe, SubscribesAgainAfterAnUnsubscribe,
                            KeepsRecordsOfClients, KeepsTheRecordWhenAChangeFails,
                            TellsOfChangesOfSubscribedClients, DropsRecordsWhenTheirTimeIsOver,
                            KeepsRecordsThatAreRenewedOrChanged);

}  // namespace sluice::tests
