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
#include "control/message/envelope.h"

// What every Backplane must do. A Driver makes one and drives it. It has
// - a constant kRecordTtl, and a backplane();
// - Now(), the time that numbers are made of, and kClockError, how far that may be off;
// - Advance(time), after which records are so much older, and SetClockBack(), which makes the time
//   that numbers are made of jump back by an hour;
// - Settle(holds), which runs what is under way until holds() returns true.
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
  void OnReplicaMessage(std::string_view payload) override {
    replica_messages.emplace_back(payload);
  }
  void OnInterrupted() override { ++interruptions; }
  void OnMembers(std::vector<Backplane::Member> told, const EventNumber&) override {
    members = std::move(told);
  }
  void OnMemberReported(const std::string&) override {}
  void OnMemberLeft(const std::string& replica_id) override { left.push_back(replica_id); }
  void OnHealthChanged() override {}
  std::string DescribeReplica() override { return "description"; }

  std::vector<Message> messages;
  std::vector<std::string> replica_messages;
  int interruptions = 0;
  std::vector<Backplane::Member> members;
  std::vector<std::string> left;
};

template <typename Driver>
class BackplaneContract : public testing::Test {
 protected:
  BackplaneContract() {
    driver_.backplane().Start(listener_);
    std::optional<absl::Status> joined;
    backplane().AwaitJoin([&](absl::Status status) { joined = std::move(status); });
    driver_.Settle([&] { return joined.has_value(); });
    EXPECT_TRUE(joined->ok()) << *joined;
  }
  ~BackplaneContract() override {
    bool has_left = false;
    backplane().Leave([&] { has_left = true; });
    driver_.Settle([&] { return has_left; });
  }

  using RecordAnswer = absl::StatusOr<std::shared_ptr<const Record>>;

  Backplane& backplane() { return driver_.backplane(); }

  Backplane::Published Publish(const std::string& channel, const std::string& payload) {
    return Publish({channel, payload, /*counts_receivers=*/true, std::nullopt});
  }

  Backplane::Published Publish(Backplane::Message message) {
    std::optional<Backplane::PublishedOr> answer;
    backplane().Publish(std::move(message), [&](auto published) { answer = std::move(published); });
    driver_.Settle([&] { return answer.has_value(); });
    EXPECT_TRUE(answer->ok()) << answer->status();
    return answer->ok() ? **answer : Backplane::Published();
  }

  std::optional<std::string> KeptAnswer(const std::string& claim_key) {
    std::optional<absl::StatusOr<std::optional<std::string>>> answer;
    backplane().ReadAnswer(claim_key, [&](auto kept) { answer = std::move(kept); });
    driver_.Settle([&] { return answer.has_value(); });
    EXPECT_TRUE(answer->ok()) << answer->status();
    return answer->ok() ? **answer : std::nullopt;
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

  absl::StatusOr<Backplane::ChangedRecord> ChangeAndTell(const std::string& client_id,
                                                         const RecordChange& change) {
    std::optional<absl::StatusOr<Backplane::ChangedRecord>> answer;
    backplane().ChangeRecord(client_id, change, [&](auto changed) { answer = std::move(changed); });
    driver_.Settle([&] { return answer.has_value(); });
    return *answer;
  }

  RecordAnswer Change(const std::string& client_id, const RecordChange& change) {
    auto changed = ChangeAndTell(client_id, change);
    if (!changed.ok()) return changed.status();
    return changed->record;
  }

  static RecordChange SetTo(const std::string& key, const std::string& value) {
    RecordChange change;
    (*change.metadata.emplace().set.mutable_fields())[key].set_string_value(value);
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
  this->driver_.SetClockBack();
  const auto second = this->Publish("all", "x");
  EXPECT_GT(second.number.sequence, first.number.sequence);
  EXPECT_EQ(this->Publish("all", "x").number.sequence, second.number.sequence + 1);
}

TYPED_TEST_P(BackplaneContract, GivesNumbersThatTellTheTime) {
  const absl::Time before = this->driver_.Now();
  const auto published = this->Publish("all", "x");
  const auto told = absl::FromUnixMicros(static_cast<std::int64_t>(published.number.sequence));
  EXPECT_GE(told, before - TypeParam::kClockError);
  EXPECT_LE(told, this->driver_.Now() + TypeParam::kClockError);
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

TYPED_TEST_P(BackplaneContract, CarriesNothingLongAfterAnUnsubscribe) {
  this->Subscribe("group:a");
  this->Subscribe("group:b");
  this->backplane().Unsubscribe("group:a");
  this->driver_.Settle([&] { return this->Publish("group:a", "late").receivers == 0; });
  this->listener_.messages.clear();
  this->Publish("group:a", "too late");
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
  wrong.metadata->expected_version = 7;
  EXPECT_EQ(this->Change("ada", wrong).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ((*this->Read("ada"))->metadata.fields().at("plan").string_value(), "pro");
  EXPECT_EQ((*this->Read("ada"))->version, 1);
}

TYPED_TEST_P(BackplaneContract, TellsTheClientsChannelOfChangesUnderANumber) {
  this->Subscribe(ClientChannel("ada"));
  EXPECT_EQ(this->ChangeAndTell("bob", this->SetTo("plan", "pro"))->published.receivers, 0);
  const auto changed = this->ChangeAndTell("ada", this->SetTo("plan", "pro"));
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->published.receivers, 1);
  this->driver_.Settle([&] { return !this->listener_.messages.empty(); });
  ASSERT_EQ(this->listener_.messages.size(), 1U);
  const auto& told = this->listener_.messages[0];
  EXPECT_EQ(told.channel, ClientChannel("ada"));
  EXPECT_EQ(told.number, changed->published.number);
  const auto envelope = DecodeEnvelope(told.payload);
  ASSERT_TRUE(envelope.ok() && envelope->has_record());
  EXPECT_EQ(envelope->record().version(), 1);
  EXPECT_EQ(envelope->record().metadata().fields().at("plan").string_value(), "pro");
  EXPECT_FALSE(envelope->ack_to().empty()) << "whoever changed it waits until all know";
  RecordChange wrong = this->SetTo("plan", "free");
  wrong.metadata->expected_version = 7;
  EXPECT_FALSE(this->Change("ada", wrong).ok());
  this->Publish(ClientChannel("ada"), "mark");
  this->driver_.Settle([&] { return this->listener_.messages.size() >= 2; });
  EXPECT_EQ(this->listener_.messages[1].payload, "mark") << "a failed change is no change";
}

TYPED_TEST_P(BackplaneContract, PublishesOnceForOneClaim) {
  this->Subscribe("all");
  const Backplane::Message message = {"all", "x", true, Backplane::Claim{"k", "f"}};
  const auto first = this->Publish(message);
  EXPECT_FALSE(first.earlier.has_value());
  const auto second = this->Publish({"all", "y", true, Backplane::Claim{"k", "g"}});
  ASSERT_TRUE(second.earlier.has_value());
  EXPECT_EQ(second.number, first.number);
  EXPECT_EQ(second.earlier->fingerprint, "f") << "the first one's";
  EXPECT_FALSE(second.earlier->answer.has_value());
  EXPECT_EQ(this->KeptAnswer("k"), std::nullopt);
  this->backplane().KeepAnswer("k", std::string("\0answer", 7));
  EXPECT_EQ(this->KeptAnswer("k"), std::string("\0answer", 7));
  EXPECT_EQ(this->Publish(message).earlier->answer, std::string("\0answer", 7));
  this->Publish({"all", "z", true, Backplane::Claim{"other", "f"}});
  this->driver_.Settle([&] { return this->listener_.messages.size() >= 2; });
  ASSERT_EQ(this->listener_.messages.size(), 2U);
  EXPECT_EQ(this->listener_.messages[1].payload, "z");
}

TYPED_TEST_P(BackplaneContract, ForgetsClaimsAfterTenMinutes) {
  const Backplane::Message message = {"all", "x", true, Backplane::Claim{"k", "f"}};
  this->Publish(message);
  this->driver_.Advance(absl::Minutes(10) - absl::Seconds(5));
  EXPECT_TRUE(this->Publish(message).earlier.has_value());
  this->driver_.Advance(absl::Seconds(10));
  EXPECT_FALSE(this->Publish(message).earlier.has_value());
}

TYPED_TEST_P(BackplaneContract, IsHealthyWhileItWorks) {
  this->driver_.Settle([&] { return this->backplane().health().is_ok; });
  EXPECT_TRUE(this->backplane().health().was_ever_ok);
  EXPECT_FALSE(this->backplane().health().detail.empty());
}

TYPED_TEST_P(BackplaneContract, DropsRecordsWhenTheirTimeIsOver) {
  this->Change("ada", this->SetTo("plan", "pro")).IgnoreError();
  this->driver_.Advance(TypeParam::kRecordTtl - absl::Seconds(1));
  EXPECT_NE(*this->Read("ada"), nullptr);
  this->driver_.Advance(absl::Seconds(2));
  EXPECT_EQ(*this->Read("ada"), nullptr);
  EXPECT_EQ((*this->Change("ada", this->SetTo("plan", "new")))->version, 1);
}

TYPED_TEST_P(BackplaneContract, KeepsRecordsThatAreRenewedOrChanged) {
  this->Change("renewed", this->SetTo("plan", "pro")).IgnoreError();
  this->Change("changed", this->SetTo("plan", "pro")).IgnoreError();
  this->Change("forgotten", this->SetTo("plan", "pro")).IgnoreError();
  for (int i = 0; i < 5; ++i) {
    this->driver_.Advance(TypeParam::kRecordTtl / 2);
    this->backplane().RenewRecords({"renewed", "nobody"});
    this->Change("changed", this->SetTo("round", std::to_string(i))).IgnoreError();
  }
  EXPECT_NE(*this->Read("renewed"), nullptr);
  EXPECT_EQ((*this->Read("changed"))->version, 6);
  EXPECT_EQ(*this->Read("forgotten"), nullptr);
  EXPECT_EQ(*this->Read("nobody"), nullptr) << "a renewal makes no record";
}

TYPED_TEST_P(BackplaneContract, KeepsGroupsWithTheNumbersOfTheirChanges) {
  this->Subscribe(ClientChannel("ada"));
  const auto joined = this->ChangeAndTell("ada", {std::nullopt, {"b", "a"}, {}});
  ASSERT_TRUE(joined.ok()) << joined.status();
  const EventNumber first = joined->published.number;
  EXPECT_EQ(joined->record->groups.at("a"), first);
  const auto second = this->ChangeAndTell("ada", {std::nullopt, {"a", "c"}, {"b"}});
  const auto read = *this->Read("ada");
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->number, second->published.number);
  EXPECT_EQ(read->groups,
            (std::map<std::string, EventNumber>{{"a", first}, {"c", second->published.number}}));
  EXPECT_EQ(read->left, (std::map<std::string, EventNumber>{{"b", second->published.number}}));
  EXPECT_EQ(read->version, 0);
  this->Change("ada", this->SetTo("plan", "pro")).IgnoreError();
  EXPECT_EQ((*this->Read("ada"))->groups, read->groups) << "another change leaves them";

  this->driver_.Settle([&] { return this->listener_.messages.size() >= 3; });
  const auto& told = this->listener_.messages[1];
  const auto envelope = DecodeEnvelope(told.payload);
  ASSERT_TRUE(envelope.ok() && envelope->has_record());
  EXPECT_EQ(DecodeRecord(envelope->record(), told.number)->groups, read->groups);
  EXPECT_EQ(DecodeRecord(envelope->record(), told.number)->left, read->left);
  EXPECT_EQ(envelope->record().joined_size(), 2);
}

TYPED_TEST_P(BackplaneContract, DeletesRecordsAndTellsTheClientsChannel) {
  this->Subscribe(ClientChannel("ada"));
  this->Change("ada", this->SetTo("plan", "pro")).IgnoreError();
  for (int i = 0; i < 2; ++i) {
    std::optional<Backplane::PublishedOr> deleted;
    this->backplane().DeleteRecord("ada", [&](auto answer) { deleted = std::move(answer); });
    this->driver_.Settle([&] { return deleted.has_value(); });
    ASSERT_TRUE(deleted->ok()) << deleted->status();
    EXPECT_EQ((*deleted)->receivers, 1);
    EXPECT_EQ(*this->Read("ada"), nullptr);
  }
  this->driver_.Settle([&] { return this->listener_.messages.size() >= 3; });
  EXPECT_TRUE(DecodeEnvelope(this->listener_.messages[2].payload)->record().deleted());
  EXPECT_EQ((*this->Change("ada", this->SetTo("plan", "new")))->version, 1);
}

REGISTER_TYPED_TEST_SUITE_P(BackplaneContract, GivesGrowingNumbersOverAllChannels,
                            GivesGrowingNumbersWhenTheClockGoesBack, GivesNumbersThatTellTheTime,
                            CarriesMessagesToSubscribedChannelsOnly,
                            CarriesEachMessageOnceInTheOrderOfTheNumbers, CarriesAnyBytes,
                            CarriesNothingLongAfterAnUnsubscribe, SubscribesAgainAfterAnUnsubscribe,
                            KeepsRecordsOfClients, KeepsTheRecordWhenAChangeFails,
                            TellsTheClientsChannelOfChangesUnderANumber, PublishesOnceForOneClaim,
                            ForgetsClaimsAfterTenMinutes, IsHealthyWhileItWorks,
                            KeepsGroupsWithTheNumbersOfTheirChanges,
                            DeletesRecordsAndTellsTheClientsChannel,
                            DropsRecordsWhenTheirTimeIsOver, KeepsRecordsThatAreRenewedOrChanged);

}  // namespace sluice::tests
