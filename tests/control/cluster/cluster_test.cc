#include "control/cluster/cluster.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/backplane/local/local_backplane.h"
#include "control/message/envelope.h"
#include "tests/support/eventually.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/request/violated_fields.h"
#include "tests/support/watched.h"

namespace sluice {
namespace {

using tests::EventStream;

// A whole replica but for its ports to callers.
class ClusterTest : public testing::Test {
 protected:
  ClusterTest() : cluster_({"r1", absl::Hours(1)}, clock_, io_context_, backplane_) {
    EdgeOptions options;
    options.http = {boost::asio::ip::address_v4::loopback(), 0};
    options.shards = 2;
    options.replica_id = "r1";
    edge_ = *Edge::Start(options, clock_, cluster_);
    cluster_.Start(*edge_, [] {});
  }

  ~ClusterTest() override {
    edge_->Stop();
    cluster_.Stop();
  }

  // A stream that has been told `sluice.open`.
  std::shared_ptr<EventStream> Open(const std::string& query) {
    auto stream = client_.Open(edge_->address().port(), tests::GetEvents("/events?" + query));
    EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value()) << stream->Log().Describe();
    return stream;
  }

  // Waits for what call(done) answers.
  template <typename Value, typename Call>
  absl::StatusOr<Value> Await(Call call) {
    tests::Watched<std::optional<absl::StatusOr<Value>>> answer;
    call([&answer](absl::StatusOr<Value> value) {
      answer.Update([&](auto& kept) { kept = std::move(value); });
    });
    if (!answer.WaitFor([](const auto& kept) { return kept.has_value(); }, tests::kPatience)) {
      return absl::DeadlineExceededError("no answer came");
    }
    return *answer.Copy();
  }

  absl::StatusOr<v1::Delivery> Send(const Target& target, const std::string& data) {
    internal::v1::EventMessage message;
    message.set_data(data);
    PublishCommand command;
    command.target = target;
    command.payload = EncodeEnvelope(std::move(message));
    return Await<v1::Delivery>(
        [&](auto done) { cluster_.Publish(std::move(command), std::move(done)); });
  }

  absl::StatusOr<v1::Client> Get(const std::string& client_id) {
    return Await<v1::Client>([&](auto done) { cluster_.GetClient(client_id, std::move(done)); });
  }

  absl::StatusOr<ClientPage> List(const ClientQuery& query) {
    return Await<ClientPage>([&](auto done) { cluster_.ListClients(query, std::move(done)); });
  }

  absl::StatusOr<v1::Client> SetPlan(const std::string& client_id, const std::string& plan,
                                     bool allow_missing) {
    RecordChange change;
    (*change.metadata.emplace().set.mutable_fields())["plan"].set_string_value(plan);
    return Await<v1::Client>([&](auto done) {
      cluster_.ChangeMetadata(client_id, change, allow_missing, std::move(done));
    });
  }

  static std::vector<std::string> IdsOf(const ClientPage& page) {
    std::vector<std::string> ids;
    for (const v1::Client& client : page.clients) ids.push_back(client.client_id());
    return ids;
  }

  const SystemClock clock_;
  boost::asio::io_context io_context_{1};
  LocalBackplane backplane_{"r1", clock_, absl::Hours(1)};
  Cluster cluster_;
  std::unique_ptr<Edge> edge_;
  tests::EventStreamClient client_;
};

TEST_F(ClusterTest, ReachesEveryConnectionOfATargetAndCountsThem) {
  const auto ada = Open("client_id=ada&group=g");
  const auto also_ada = Open("client_id=ada");
  const auto bob = Open("client_id=bob&group=g");
  EXPECT_EQ(Send({Target::Kind::kClient, "ada"}, "1")->connections(), 2);
  EXPECT_EQ(Send({Target::Kind::kGroup, "g"}, "2")->connections(), 2);
  const auto all = Send({Target::Kind::kAll, ""}, "3");
  EXPECT_EQ(all->connections(), 3);
  EXPECT_EQ(all->replicas(), 1);
  EXPECT_EQ(Send({Target::Kind::kClient, "nobody"}, "4")->connections(), 0);
  ASSERT_TRUE(bob->WaitForEventCount(3));
  EXPECT_EQ(bob->Log().events[1].data, "2");
  EXPECT_EQ(bob->Log().events[2].data, "3");
  EXPECT_EQ(bob->Log().events[2].id, all->event_id());
}

TEST_F(ClusterTest, OpensEachStreamAtThePositionBeforeItsFirstEvent) {
  const auto before = Send({Target::Kind::kAll, ""}, "1");
  const auto stream = Open("client_id=ada");
  const auto after = Send({Target::Kind::kAll, ""}, "2");
  ASSERT_TRUE(stream->WaitForEventCount(2));
  const auto opened = EventNumber::Parse(stream->Log().events[0].id.value_or(""));
  ASSERT_TRUE(opened.has_value());
  EXPECT_GE(opened->sequence, EventNumber::Parse(before->event_id())->sequence);
  EXPECT_LT(opened->sequence, EventNumber::Parse(after->event_id())->sequence);
}

TEST_F(ClusterTest, ShowsAClientWithItsConnections) {
  const auto first = Open("client_id=ada&group=b&group=a");
  const auto second = Open("client_id=ada&group=c");
  Send({Target::Kind::kGroup, "c"}, "x").IgnoreError();
  const auto client = Get("ada");
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(std::vector<std::string>(client->groups().begin(), client->groups().end()),
            (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(client->connections_size(), 2);
  EXPECT_EQ(client->connections(0).replica_id(), "r1");
  EXPECT_EQ(client->connections(0).delivered(), 0);
  EXPECT_EQ(client->connections(1).delivered(), 1);
  EXPECT_EQ(client->connect_time().seconds(), client->connections(0).connect_time().seconds());
}

TEST_F(ClusterTest, ForgetsAClientThatHasLeft) {
  const auto stream = Open("client_id=ada");
  stream->Close();
  absl::StatusOr<v1::Client> client;
  ASSERT_TRUE(tests::Eventually([&] {
    client = Get("ada");
    return !client.ok();
  }));
  EXPECT_EQ(client.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(tests::ReasonOf(client.status()), "CLIENT_NOT_FOUND");
}

TEST_F(ClusterTest, KeepsMetadataPastTheConnection) {
  EXPECT_EQ(SetPlan("ada", "pro", /*allow_missing=*/false).status().code(),
            absl::StatusCode::kNotFound);
  const auto stored = SetPlan("ada", "pro", /*allow_missing=*/true);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->connections_size(), 0);
  EXPECT_FALSE(stored->has_connect_time());
  const auto stream = Open("client_id=ada");
  const auto client = Get("ada");
  ASSERT_TRUE(client.ok());
  EXPECT_EQ(client->metadata().fields().at("plan").string_value(), "pro");
  EXPECT_EQ(client->metadata_version(), 1);
  EXPECT_EQ(client->connections_size(), 1);
  EXPECT_EQ(SetPlan("ada", "free", /*allow_missing=*/false)->metadata_version(), 2);
}

TEST_F(ClusterTest, ListsPageByPage) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (const char* id : {"c", "a", "e", "b", "d"}) {
    streams.push_back(Open(std::string("group=g&client_id=") + id));
  }
  ClientQuery query;
  query.page_size = 2;
  query.group = "g";
  std::vector<std::string> listed;
  do {
    const auto page = List(query);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->total_size, 5);
    for (const std::string& id : IdsOf(*page)) listed.push_back(id);
    query.after = page->last_id;
  } while (!query.after.empty());
  EXPECT_EQ(listed, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
}

TEST_F(ClusterTest, ListsBasicAndFullViews) {
  const auto stream = Open("client_id=ada&group=g");
  ClientQuery query;
  EXPECT_EQ(List(query)->clients.at(0).connections_size(), 0);
  EXPECT_EQ(List(query)->clients.at(0).groups_size(), 1);
  query.is_full = true;
  EXPECT_EQ(List(query)->clients.at(0).connections_size(), 1);
}

TEST_F(ClusterTest, MatchesMetadataAndEndsPagesShortInsteadOfLookingAtAll) {
  std::vector<std::shared_ptr<EventStream>> streams;
  for (int i = 10; i < 40; ++i) streams.push_back(Open("client_id=c" + std::to_string(i)));
  SetPlan("c39", "pro", /*allow_missing=*/false).IgnoreError();
  ClientQuery query;
  query.page_size = 1;
  query.metadata_match = {{"plan", "pro"}};
  std::vector<std::string> listed;
  int pages = 0;
  do {
    const auto page = List(query);
    ASSERT_TRUE(page.ok());
    for (const std::string& id : IdsOf(*page)) listed.push_back(id);
    query.after = page->last_id;
    ++pages;
  } while (!query.after.empty());
  EXPECT_EQ(listed, std::vector<std::string>{"c39"});
  EXPECT_EQ(pages, 3) << "30 clients, 10 looks for each that a page may hold";
}

}  // namespace
}  // namespace sluice
