#include "control/backplane/redis/redis_backplane.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/backplane/backplane_contract.h"
#include "tests/support/backplane/block_contract.h"
#include "tests/support/backplane/history_contract.h"
#include "tests/support/redis/redis_server.h"
#include "tests/support/request/violated_fields.h"

namespace sluice {
namespace {

// A replica's backplane whose thread is the test's, before a Redis of its own.
class RedisDriver {
 public:
  static constexpr absl::Duration kRecordTtl = absl::Minutes(10);
  // Redis reads the same clock, but not at the same moment.
  static constexpr absl::Duration kClockError = absl::Seconds(1);

  ~RedisDriver() { io_context_.stop(); }

  RedisBackplane& backplane() { return backplane_; }
  tests::RedisServer& redis() { return redis_; }
  boost::asio::io_context& io_context() { return io_context_; }

  absl::Time Now() const { return absl::Now(); }

  // Everything that expires does so earlier.
  void Advance(absl::Duration time) {
    const std::string script =
        "for _, key in ipairs(redis.call('KEYS', '*')) do "
        "  local left = redis.call('PTTL', key) "
        "  if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end "
        "end";
    const auto done =
        redis_.Command({"EVAL", script, "0", std::to_string(absl::ToInt64Milliseconds(time))});
    EXPECT_TRUE(done.ok()) << done.status();
  }

  // The last number is an hour ahead of the clock.
  void SetClockBack() {
    const std::string state = *redis_.Command({"GET", "t:1:number"});
    const std::size_t dash = state.rfind('-');
    std::int64_t sequence = 0;
    ASSERT_TRUE(absl::SimpleAtoi(state.substr(dash + 1), &sequence));
    sequence += absl::ToInt64Microseconds(absl::Hours(1));
    ASSERT_TRUE(
        redis_.Command({"SET", "t:1:number", absl::StrCat(state.substr(0, dash + 1), sequence)})
            .ok());
  }

  void Settle(const std::function<bool()>& holds) {
    const absl::Time deadline = absl::Now() + tests::kPatience;
    while (!holds()) {
      ASSERT_LT(absl::Now(), deadline) << "what the test waits for never came";
      io_context_.restart();
      io_context_.run_one_for(std::chrono::milliseconds(20));
    }
  }

  static RedisOptions OptionsFor(const tests::RedisServer& redis, const std::string& replica_id) {
    RedisOptions options;
    options.url = *ParseRedisUrl(redis.Url());
    options.prefix = "t:";
    options.replica_id = replica_id;
    options.record_ttl = kRecordTtl;
    options.history = tests::SmallHistory();
    return options;
  }

 private:
  tests::RedisServer redis_;
  boost::asio::io_context io_context_{1};
  RedisBackplane backplane_{OptionsFor(redis_, "r1"), io_context_};
};

}  // namespace

namespace tests {

INSTANTIATE_TYPED_TEST_SUITE_P(Redis, BackplaneContract, RedisDriver);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, HistoryContract, RedisDriver);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, BlockContract, RedisDriver);

}  // namespace tests

namespace {

// A backplane of another replica, which leaves in good order.
class OtherReplica {
 public:
  OtherReplica(RedisDriver& driver, const std::string& replica_id)
      : driver_(driver),
        backplane_(RedisDriver::OptionsFor(driver.redis(), replica_id), driver.io_context()) {
    backplane_.Start(listener_);
  }
  ~OtherReplica() { Leave(); }

  void Leave() {
    if (has_left_) return;
    backplane_.Leave([this] { has_left_ = true; });
    driver_.Settle([this] { return has_left_; });
  }

  RedisBackplane& backplane() { return backplane_; }

 private:
  RedisDriver& driver_;
  tests::RecordingListener listener_;
  RedisBackplane backplane_;
  bool has_left_ = false;
};

// One replica, and what others would do.
class RedisBackplaneTest : public testing::Test {
 protected:
  RedisBackplaneTest() {
    backplane().Start(listener_);
    driver_.Settle([this] { return backplane().health().is_ok; });
  }
  ~RedisBackplaneTest() override {
    bool has_left = false;
    backplane().Leave([&] { has_left = true; });
    driver_.Settle([&] { return has_left; });
  }

  RedisBackplane& backplane() { return driver_.backplane(); }

  Backplane::PublishedOr Publish(const std::string& channel) {
    std::optional<Backplane::PublishedOr> answer;
    backplane().Publish({channel, "x", true, std::nullopt},
                        [&](auto published) { answer = std::move(published); });
    driver_.Settle([&] { return answer.has_value(); });
    return *answer;
  }

  int SubscriberCount(const std::string& channel) {
    const auto reply = driver_.redis().Command({"PUBSUB", "NUMSUB", "t:1:" + channel});
    int count = -1;
    EXPECT_TRUE(absl::SimpleAtoi(reply->substr(reply->find('\n') + 1), &count)) << *reply;
    return count;
  }

  std::string Redis(const std::vector<std::string>& command) {
    const auto reply = driver_.redis().Command(command);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.value_or("");
  }

  RedisDriver driver_;
  tests::RecordingListener listener_;
};

TEST_F(RedisBackplaneTest, KeepsASubscriptionOverLeavingAndJoiningInOneTurn) {
  int confirmed = 0;
  backplane().Subscribe("group:a", [&] { ++confirmed; });
  driver_.Settle([&] { return confirmed == 1; });
  for (int i = 0; i < 1000; ++i) {
    backplane().Unsubscribe("group:a");
    backplane().Subscribe("group:a", [&] { ++confirmed; });
  }
  EXPECT_EQ(confirmed, 1001) << "it holds all the time";
  EXPECT_EQ(SubscriberCount("group:a"), 1);
  EXPECT_EQ(Redis({"INFO", "commandstats"}).find("cmdstat_unsubscribe"), std::string::npos);
}

TEST_F(RedisBackplaneTest, SubscribesAgainBehindAnUnsubscribeThatIsUnderWay) {
  int confirmed = 0;
  backplane().Subscribe("group:a", [&] { ++confirmed; });
  driver_.Settle([&] { return confirmed == 1; });
  backplane().Unsubscribe("group:a");
  // It is on its way as soon as Redis has seen it; join in the same turn in which that is noticed.
  driver_.Settle([&] {
    return Redis({"INFO", "commandstats"}).find("cmdstat_unsubscribe") != std::string::npos;
  });
  backplane().Subscribe("group:a", [&] { ++confirmed; });
  driver_.Settle([&] { return confirmed == 2; });
  EXPECT_EQ(SubscriberCount("group:a"), 1);
}

TEST_F(RedisBackplaneTest, UnsubscribesWhatNobodyWantsAnyMore) {
  bool is_confirmed = false;
  backplane().Subscribe("group:a", [&] { is_confirmed = true; });
  driver_.Settle([&] { return is_confirmed; });
  backplane().Unsubscribe("group:a");
  driver_.Settle([&] { return SubscriberCount("group:a") == 0; });
}

TEST_F(RedisBackplaneTest, SubscribesThousandsOfChannelsInAFewCommands) {
  constexpr int kChannels = 3000;
  int confirmed = 0;
  for (int i = 0; i < kChannels; ++i) {
    backplane().Subscribe(absl::StrCat("client:", i), [&] { ++confirmed; });
  }
  driver_.Settle([&] { return confirmed == kChannels; });
  const std::string stats = Redis({"INFO", "commandstats"});
  const std::size_t begin = stats.find("cmdstat_subscribe:calls=");
  ASSERT_NE(begin, std::string::npos);
  const int calls = std::atoi(stats.c_str() + begin + sizeof("cmdstat_subscribe:calls=") - 1);
  EXPECT_LE(calls, 1 + kChannels / static_cast<int>(RedisSubscriptions::kBatch) + 1);
}

TEST_F(RedisBackplaneTest, CountsNoStrangersPatternsAsReceivers) {
  tests::ProcessOptions options;
  options.program = "redis-cli";
  options.arguments = {"-p", std::to_string(driver_.redis().port()), "PSUBSCRIBE", "*"};
  const tests::ChildProcess stranger(std::move(options));
  driver_.Settle([this] { return Redis({"PUBSUB", "NUMPAT"}) == "1"; });
  const auto published = Publish("group:a");
  ASSERT_TRUE(published.ok()) << published.status();
  EXPECT_EQ(published->receivers, 0);
  EXPECT_EQ(published->deaf, 0);
}

TEST_F(RedisBackplaneTest, IgnoresWhatStrangersPublish) {
  bool is_confirmed = false;
  backplane().Subscribe("all", [&] { is_confirmed = true; });
  driver_.Settle([&] { return is_confirmed; });
  for (const std::string& message :
       {std::string(), std::string("x"), std::string("abcdefgh-12 x"), std::string("\xFF\x00 ", 3),
        std::string("abcdefgh-99999999999999999999999 x"), std::string("- \x12\x34")}) {
    Redis({"PUBLISH", "t:1:all", message});
    Redis({"PUBLISH", "t:1:replicas", message});
    Redis({"PUBLISH", "t:1:replica:r1", message});
  }
  ASSERT_TRUE(Publish("all").ok());
  driver_.Settle([this] { return !listener_.messages.empty(); });
  ASSERT_EQ(listener_.messages.size(), 1U);
  EXPECT_EQ(listener_.messages[0].payload, "x");
  EXPECT_EQ(listener_.interruptions, 0);
}

TEST_F(RedisBackplaneTest, TellsOfAnInterruptionAndThenSubscribesForTheListenerAgain) {
  bool is_confirmed = false;
  backplane().Subscribe("all", [&] { is_confirmed = true; });
  driver_.Settle([&] { return is_confirmed; });
  const EventNumber before = backplane().position();
  Redis({"CLIENT", "KILL", "TYPE", "pubsub"});
  driver_.Settle([this] { return listener_.interruptions == 1; });
  is_confirmed = false;
  backplane().Subscribe("all", [&] { is_confirmed = true; });
  driver_.Settle([&] { return is_confirmed; });
  EXPECT_EQ(backplane().position().epoch, before.epoch) << "Redis has lost nothing";
  EXPECT_GT(backplane().position().sequence, before.sequence);
  EXPECT_EQ(Publish("all")->receivers, 1);
}

TEST_F(RedisBackplaneTest, BeginsANewEpochAfterARestartOfRedis) {
  const EventNumber before = Publish("all")->number;
  driver_.redis().Kill();
  // What is sent before the end of the connection is noticed may have been carried out.
  driver_.Settle([this] { return tests::ReasonOf(Publish("all").status()) == "NOT_SENT"; });
  EXPECT_EQ(Publish("all").status().code(), absl::StatusCode::kUnavailable);
  driver_.redis().Start();
  driver_.Settle([this] { return backplane().health().is_ok; });
  const EventNumber after = Publish("all")->number;
  EXPECT_NE(after.epoch, before.epoch);
  EXPECT_GT(after.sequence, before.sequence);
}

TEST_F(RedisBackplaneTest, SaysThatTheOutcomeIsUnknownWhenRedisDiesBeforeItsAnswer) {
  driver_.redis().Pause();
  std::optional<Backplane::PublishedOr> answer;
  backplane().Publish({"all", "x", true, std::nullopt},
                      [&](auto published) { answer = std::move(published); });
  // So that it has been written.
  driver_.io_context().restart();
  driver_.io_context().run_for(std::chrono::milliseconds(50));
  driver_.redis().Kill();
  driver_.Settle([&] { return answer.has_value(); });
  EXPECT_EQ(tests::ReasonOf(answer->status()), "OUTCOME_UNKNOWN");
  driver_.redis().Start();
}

TEST_F(RedisBackplaneTest, NoticesAServerThatHangs) {
  driver_.redis().Pause();
  const absl::Time paused = absl::Now();
  driver_.Settle([this] { return !backplane().health().is_ok; });
  EXPECT_LE(absl::Now() - paused, absl::Seconds(2)) << "health tells within 2 s";
  driver_.Settle([this] { return listener_.interruptions == 1; });
  EXPECT_LE(absl::Now() - paused, absl::Seconds(5)) << "a half-open subscription within 5 s";
  driver_.redis().Resume();
  driver_.Settle([this] { return backplane().health().is_ok; });
}

TEST_F(RedisBackplaneTest, RefusesAnIdThatAnotherReplicaHas) {
  OtherReplica second(driver_, "r1");
  std::optional<absl::Status> joined;
  second.backplane().AwaitJoin([&](absl::Status status) { joined = std::move(status); });
  driver_.Settle([&] { return joined.has_value(); });
  EXPECT_EQ(joined->code(), absl::StatusCode::kAlreadyExists) << *joined;
  EXPECT_TRUE(backplane().health().is_ok) << "the first is not harmed";
  second.Leave();
  driver_.Settle([this, before = backplane().position()] {
    return backplane().position().sequence > before.sequence;
  });
  EXPECT_TRUE(backplane().health().is_ok) << "the goodbye of the second takes nothing from it";
}

TEST_F(RedisBackplaneTest, KnowsTheOtherReplicasAndWhenTheyLeave) {
  OtherReplica second(driver_, "r2");
  std::optional<Backplane::Member> other;
  driver_.Settle([&] {
    for (const Backplane::Member& member : listener_.members) {
      if (member.replica_id == "r2" && member.is_listening) other = member;
    }
    return other.has_value();
  });
  EXPECT_EQ(listener_.members.size(), 2U);
  EXPECT_EQ(other->description, "description");
  EXPECT_LT(other->silence, absl::Seconds(3));

  internal::v1::Envelope question;
  question.mutable_question()->set_reply_to("r2");
  second.backplane().SendToReplica("r1", std::string("\0to one", 7));
  second.backplane().SendToReplicas(EncodeEnvelope(question));
  driver_.Settle([this] { return listener_.replica_messages.size() == 2; });
  EXPECT_EQ(listener_.replica_messages[0], std::string("\0to one", 7));
  EXPECT_EQ(listener_.replica_messages[1], EncodeEnvelope(question));

  second.Leave();
  driver_.Settle([&] { return !listener_.left.empty(); });
  EXPECT_EQ(listener_.left[0], "r2");
  driver_.Settle([this] { return listener_.members.size() == 1; });
}

TEST_F(RedisBackplaneTest, CountsAReplicaThatReportsAndHearsNothingAsDeaf) {
  const std::string now = std::to_string(absl::ToUnixMicros(absl::Now()));
  Redis({"ZADD", "t:1:members", now, "deaf"});
  EXPECT_EQ(Publish("all")->deaf, 1);
  Redis({"ZADD", "t:1:members", std::to_string(absl::ToUnixMicros(absl::Now() - absl::Seconds(6))),
         "deaf"});
  EXPECT_EQ(Publish("all")->deaf, 0) << "it has not reported for more than 5 s";
}

TEST_F(RedisBackplaneTest, LosesNoChangeOfARecordToAnotherWriter) {
  OtherReplica second(driver_, "r2");
  driver_.Settle([&] { return second.backplane().health().is_ok; });
  constexpr int kChanges = 20;
  int done = 0;
  for (int i = 0; i < kChanges; ++i) {
    for (RedisBackplane* writer : {&backplane(), &second.backplane()}) {
      RecordChange change;
      const std::string key = absl::StrCat(writer == &second.backplane() ? "b" : "a", i);
      (*change.metadata.emplace().set.mutable_fields())[key].set_number_value(i);
      writer->ChangeRecord("ada", change, [&](auto changed) {
        EXPECT_TRUE(changed.ok()) << changed.status();
        ++done;
      });
    }
  }
  driver_.Settle([&] { return done == 2 * kChanges; });
  std::shared_ptr<const Record> record;
  backplane().ReadRecord("ada", [&](auto read) { record = *read; });
  driver_.Settle([&] { return record != nullptr; });
  EXPECT_EQ(record->version, 2 * kChanges);
  EXPECT_EQ(record->metadata.fields_size(), 2 * kChanges);
}

}  // namespace
}  // namespace sluice
