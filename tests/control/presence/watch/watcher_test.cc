#include "control/presence/watch/watcher.h"

#include <gtest/gtest.h>

#include "control/presence/watch/cluster_view.h"

namespace sluice::tests {
namespace {

using Event = v1::WatchClientsResponse;
using Clients = ClusterView::ReplicaClients;

class Outlet : public WatchOutlet {
 public:
  std::size_t Send(const Event& event) override {
    events.push_back(event);
    return event.ByteSizeLong();
  }
  void Fail(const absl::Status& status) override { failure = status; }

  std::vector<Event> events;
  absl::Status failure;
};

class WatcherTest : public testing::Test {
 protected:
  Watcher& Watch(WatchQuery query = {}, Caller caller = {}) {
    watcher_ =
        std::make_unique<Watcher>(std::move(query), std::make_shared<Caller>(caller), outlet_);
    watcher_->StartSnapshot({});
    return *watcher_;
  }

  static internal::v1::PresenceChange Opened(const std::string& client_id,
                                             const std::string& connection_id,
                                             const std::vector<std::string>& groups = {},
                                             const std::string& replica_id = "r1") {
    internal::v1::PresenceChange change;
    change.set_client_id(client_id);
    v1::Connection& connection = *change.mutable_opened()->mutable_connection();
    connection.set_connection_id(connection_id);
    connection.set_replica_id(replica_id);
    connection.mutable_groups()->Add(groups.begin(), groups.end());
    return change;
  }

  static internal::v1::PresenceChange Ended(const std::string& client_id,
                                            const std::string& connection_id) {
    internal::v1::PresenceChange change;
    change.set_client_id(client_id);
    change.mutable_end()->set_connection_id(connection_id);
    change.mutable_end()->set_reason("client_gone");
    return change;
  }

  static internal::v1::PresenceChange RecordOf(const std::string& client_id, std::int64_t version,
                                               const std::string& number) {
    internal::v1::PresenceChange change;
    change.set_client_id(client_id);
    change.mutable_record()->set_version(version);
    change.mutable_record()->set_number(number);
    auto& fields = *change.mutable_record()->mutable_metadata()->mutable_fields();
    fields["v"].set_number_value(static_cast<double>(version));
    return change;
  }

  void Apply(const internal::v1::PresenceChange& change, const std::string& replica_id = "r1") {
    view_.Apply(replica_id, change);
  }

  // The kinds of the events since the last call, each with the client it is about.
  std::vector<std::string> Told() {
    std::vector<std::string> told;
    for (const Event& event : outlet_->events) {
      if (event.has_snapshot()) told.push_back("present " + event.snapshot().client().client_id());
      if (event.has_snapshot_complete()) told.emplace_back("complete");
      if (event.has_connected()) {
        told.push_back("connected " + event.connected().client().client_id());
      }
      if (event.has_connections_changed()) {
        told.push_back("connections " + event.connections_changed().client_id());
      }
      if (event.has_disconnected()) {
        told.push_back(event.disconnected().reason() + " " + event.disconnected().client_id());
      }
      if (event.has_groups_changed())
        told.push_back("groups " + event.groups_changed().client_id());
      if (event.has_metadata_changed()) {
        told.push_back("metadata " + event.metadata_changed().client_id());
      }
    }
    outlet_->events.clear();
    return told;
  }

  using Names = std::vector<std::string>;

  const std::shared_ptr<Outlet> outlet_ = std::make_shared<Outlet>();
  std::unique_ptr<Watcher> watcher_;
  ClusterView view_{[this](const ClusterView::Change& change) {
    if (watcher_ != nullptr) watcher_->OnChange(change);
  }};
};

TEST_F(WatcherTest, IsToldOfEachClientOnceWhileItsSnapshotGoesOn) {
  for (int i = 0; i < 1000; ++i)
    Apply(Opened("c" + std::to_string(1000 + i), "x" + std::to_string(i)));
  Watcher& watcher = Watch();
  EXPECT_FALSE(watcher.Continue(view_)) << "there is no room for all of them";
  const Names first = Told();
  ASSERT_LT(first.size(), 1000U);
  // Before the place that the snapshot has come to a change is told, behind it it is not.
  Apply(Opened("b", "b1"));
  Apply(Opened("d", "d1"));
  EXPECT_EQ(Told(), Names{"connected b"});
  std::size_t told = first.size();
  for (int turns = 0; turns < 100 && told < 1002; ++turns) {
    watcher.OnWritten(64, 0);
    watcher.Continue(view_);
    const Names more = Told();
    told += more.size();
    if (told == 1002) {
      EXPECT_EQ(more[more.size() - 2], "present d");
      EXPECT_EQ(more.back(), "complete");
    }
  }
  EXPECT_EQ(told, 1002U) << "1,000 clients, d, and the end";
}

TEST_F(WatcherTest, IsNotToldOfWhatChangesNothing) {
  Apply(Opened("ada", "1", {"g"}));
  Watch().Continue(view_);
  Told();
  Apply(Opened("ada", "1", {"g"}));
  Apply(Ended("ada", "2"));
  Apply(Ended("bob", "1"));
  Apply(RecordOf("bob", 1, "abcdefgh-0000000000000001"));
  EXPECT_EQ(Told(), Names{});
}

TEST_F(WatcherTest, IsNotToldOfAnOlderRecordThanTheLastOne) {
  Apply(Opened("ada", "1"));
  Watch().Continue(view_);
  Told();
  Apply(RecordOf("ada", 2, "abcdefgh-0000000000000002"));
  Apply(RecordOf("ada", 1, "abcdefgh-0000000000000001"), "r2");
  Apply(RecordOf("ada", 2, "abcdefgh-0000000000000002"), "r2");
  EXPECT_EQ(Told(), Names{"metadata ada"});
}

TEST_F(WatcherTest, SeesNoClientGoThatHasMovedToAnotherReplica) {
  Apply(Opened("ada", "1"));
  Watch().Continue(view_);
  Told();
  Clients none;
  Clients moved;
  moved.Apply(Opened("ada", "2", {}, "r2"));
  view_.Add("r1", none);
  view_.Add("r2", moved);
  view_.KeepOnly("r1", none, "client_gone");
  view_.KeepOnly("r2", moved, "client_gone");
  EXPECT_EQ(Told(), (Names{"connections ada", "connections ada"}));
}

TEST_F(WatcherTest, IsToldByAnotherSnapshotAndOfThoseWhoAreGone) {
  Apply(Opened("ada", "1"));
  Apply(Opened("bob", "2"));
  Watcher& watcher = Watch();
  watcher.Continue(view_);
  Told();
  watcher.StartSnapshot({});
  Apply(Ended("bob", "2"));
  Apply(Opened("eve", "3"));
  EXPECT_EQ(Told(), Names{"client_gone bob"});
  watcher.Continue(view_);
  EXPECT_EQ(Told(), (Names{"present ada", "present eve", "complete"}));
}

TEST_F(WatcherTest, OfANarrowedCallerSeesWhatItReaches) {
  Caller caller;
  caller.client_id_prefixes = {"a"};
  caller.group_prefixes = {"news."};
  Apply(Opened("ada", "1", {"news.it", "secret"}));
  Apply(Opened("bob", "2", {"news.it"}));
  Watcher& watcher = Watch({}, caller);
  watcher.Continue(view_);
  ASSERT_EQ(outlet_->events.size(), 2U);
  EXPECT_EQ(outlet_->events[0].snapshot().client().groups_size(), 1);
  EXPECT_EQ(outlet_->events[0].snapshot().client().connections(0).groups_size(), 1);
  Told();
  Apply(Opened("ada", "1", {"news.it"}));
  Apply(Ended("bob", "2"));
  watcher.OnReplicaLeft("r2");
  EXPECT_EQ(Told(), Names{}) << "what it does not reach has changed";
  Apply(Opened("ada", "1", {"news.it", "news.uk"}));
  EXPECT_EQ(Told(), Names{"groups ada"});
}

TEST_F(WatcherTest, FailsOnceItIsTooFarBehind) {
  Watcher& watcher = Watch();
  watcher.Continue(view_);
  for (std::size_t i = 0; i < Watcher::kEventsMax + 10; ++i) {
    Apply(Opened("c" + std::to_string(i), std::to_string(i)));
  }
  EXPECT_EQ(outlet_->events.size(), Watcher::kEventsMax);
  EXPECT_EQ(outlet_->failure.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(watcher.status(), outlet_->failure);
}

}  // namespace
}  // namespace sluice::tests
