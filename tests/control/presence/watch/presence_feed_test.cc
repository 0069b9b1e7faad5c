#include "control/presence/watch/presence_feed.h"

#include <gtest/gtest.h>

#include "tests/control/resume/simulation/virtual_time.h"

namespace sluice::tests {
namespace {

using internal::v1::PresenceChange;
using internal::v1::PresenceChanges;

class PresenceFeedTest : public testing::Test {
 protected:
  PresenceFeedTest() { directory_.set_listener(&feed_); }

  ConnectionId Open(const std::string& client_id, const std::vector<std::string>& groups = {},
                    std::shared_ptr<const Record> record = nullptr) {
    const OpenedConnection opened = {time_.NextConnectionId(), client_id, groups,
                                     absl::UnixEpoch(),        {},        {}};
    directory_.Add(opened, std::move(record), {}, groups);
    return opened.id;
  }

  // What has gone out to other replicas, as one list.
  std::vector<PresenceChange> Sent() const {
    std::vector<PresenceChange> changes;
    for (const PresenceChanges& message : sent_) {
      changes.insert(changes.end(), message.changes().begin(), message.changes().end());
    }
    return changes;
  }

  VirtualTime time_{1};
  std::vector<ConnectionDescription> described_;
  std::vector<PresenceChanges> here_;
  std::vector<PresenceChanges> sent_;
  PresenceFeed feed_{"r1", time_,
                     [this](const std::vector<ConnectionId>& ids, PresenceFeed::Described done) {
                       // Shards answer later.
                       time_.After(absl::Milliseconds(5),
                                   [this, ids, done = std::move(done)]() mutable {
                                     std::vector<ConnectionDescription> found;
                                     for (const ConnectionId id : ids) {
                                       ConnectionDescription description;
                                       description.id = id;
                                       description.remote_address = "192.0.2.1";
                                       found.push_back(description);
                                     }
                                     done(std::move(found));
                                   });
                     },
                     [this](const PresenceChanges& message) { here_.push_back(message); },
                     [this](const PresenceChanges& message) { sent_.push_back(message); }};
  Directory directory_;
};

TEST_F(PresenceFeedTest, SaysNothingWhileNobodyWatches) {
  Open("ada");
  time_.RunTo(absl::Seconds(1));
  EXPECT_TRUE(sent_.empty());
  EXPECT_TRUE(here_.empty());
}

TEST_F(PresenceFeedTest, TellsEveryChangeInOrderUntilTheLeaseEnds) {
  feed_.Extend(false, absl::Seconds(10));
  const auto record = std::make_shared<Record>();
  record->version = 3;
  record->number = *EventNumber::Parse("abcdefgh-0000000000000007");
  const ConnectionId id = Open("ada", {"news"}, record);
  Directory::Client* ada = directory_.Find("ada");
  directory_.SetGroups(ada, id, {}, {"news", "sport"});
  directory_.SetRecord(*ada, nullptr);
  directory_.Remove(ada, id, EndReason::kDrain);
  time_.RunTo(absl::Seconds(1));
  const auto changes = Sent();
  ASSERT_EQ(changes.size(), 4U);
  EXPECT_EQ(changes[0].client_id(), "ada");
  EXPECT_EQ(changes[0].opened().connection().connection_id(), id.ToString());
  EXPECT_EQ(changes[0].opened().connection().remote_address(), "192.0.2.1");
  EXPECT_EQ(changes[0].opened().connection().groups_size(), 1);
  EXPECT_EQ(changes[0].opened().record().version(), 3);
  EXPECT_EQ(changes[0].opened().record().number(), record->number.ToString());
  EXPECT_EQ(changes[1].opened().connection().groups_size(), 2);
  EXPECT_FALSE(changes[1].opened().has_record());
  EXPECT_EQ(changes[2].record().number(), "");
  EXPECT_EQ(changes[3].end().connection_id(), id.ToString());
  EXPECT_EQ(changes[3].end().reason(), "drain");
  EXPECT_TRUE(here_.empty()) << "this replica does not watch";
  time_.RunTo(absl::Seconds(11));
  Open("bob");
  time_.RunTo(absl::Seconds(12));
  EXPECT_EQ(Sent().size(), 4U);
}

TEST_F(PresenceFeedTest, NumbersChangesWithoutAHole) {
  std::uint64_t next = feed_.Extend(true, absl::Seconds(100)).sequence() + 1;
  const std::uint64_t first = next;
  for (int i = 0; i < 50; ++i) {
    Open("ada");
    time_.RunTo(time_.now() + absl::Milliseconds(7));
  }
  time_.RunTo(time_.now() + absl::Seconds(1));
  for (const PresenceChanges& message : here_) {
    EXPECT_EQ(message.first_sequence(), next);
    EXPECT_EQ(message.replica_id(), "r1");
    next += static_cast<std::uint64_t>(message.changes_size());
  }
  EXPECT_EQ(next, first + 50);
  const auto answer = feed_.Extend(true, absl::Seconds(1));
  EXPECT_EQ(answer.sequence(), next - 1);
  EXPECT_EQ(answer.process_id(), here_.front().process_id());
}

TEST_F(PresenceFeedTest, ForgetsWhatIsTooMuchAndShowsItByTheNumber) {
  const std::uint64_t first = feed_.Extend(false, absl::Seconds(10)).sequence() + 1;
  const ConnectionId id = Open("ada");
  Directory::Client* ada = directory_.Find("ada");
  for (std::size_t i = 0; i < PresenceFeed::kChangesMax; ++i) {
    directory_.SetGroups(ada, id, {},
                         i % 2 == 0 ? std::vector<std::string>{"g"} : std::vector<std::string>());
  }
  time_.RunTo(absl::Seconds(1));
  ASSERT_FALSE(sent_.empty());
  EXPECT_EQ(sent_.front().first_sequence(), first + PresenceFeed::kChangesMax);
}

TEST_F(PresenceFeedTest, LeavesAHoleWhereNobodyWasTold) {
  const std::uint64_t first = feed_.Extend(false, absl::Seconds(1)).sequence();
  time_.RunTo(absl::Milliseconds(500));
  EXPECT_EQ(feed_.Extend(false, absl::Seconds(1)).sequence(), first) << "the lease goes on";
  time_.RunTo(absl::Seconds(5));
  Open("ada");  // Nobody hears of it.
  time_.RunTo(absl::Seconds(6));
  EXPECT_GT(feed_.Extend(false, absl::Seconds(1)).sequence(), first);
}

}  // namespace
}  // namespace sluice::tests
