#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/server_fixture.h"
#include "tests/support/watch/watch_stream.h"

namespace sluice::tests {
namespace {

using State = WatchStream::State;
using Event = WatchStream::Event;

class WatchClients : public DefaultServerTest {
 protected:
  std::unique_ptr<WatchStream> Watch(const v1::WatchClientsRequest& request = {}) {
    auto watch = std::make_unique<WatchStream>(control(), request);
    EXPECT_TRUE(watch->WaitForSnapshot()) << watch->Describe();
    return watch;
  }

  void SetMetadata(const std::string& client_id, const std::string& key, const std::string& value,
                   bool removes = false) {
    v1::SetClientMetadataRequest request;
    request.set_client_id(client_id);
    if (removes) {
      request.add_remove_keys(key);
    } else {
      (*request.mutable_metadata()->mutable_fields())[key].set_string_value(value);
    }
    v1::SetClientMetadataResponse response;
    const grpc::Status status = Call(&Stub::SetClientMetadata, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  void Join(const std::string& client_id, const std::string& group) {
    v1::JoinGroupsRequest request;
    request.set_client_id(client_id);
    request.add_groups(group);
    v1::JoinGroupsResponse response;
    EXPECT_TRUE(Call(&Stub::JoinGroups, request, &response).ok());
  }

  // The first event of the kind that is about the client, waited for.
  static std::optional<Event> Find(const WatchStream& watch, Event::EventCase kind) {
    const auto find = [kind](const State& state) {
      return std::find_if(state.events.begin(), state.events.end(),
                          [kind](const Event& event) { return event.event_case() == kind; });
    };
    if (!watch.WaitFor([&find](const State& state) { return find(state) != state.events.end(); })) {
      ADD_FAILURE() << watch.Describe();
      return std::nullopt;
    }
    const State state = watch.Copy();
    return *find(state);
  }
};

TEST_F(WatchClients, BeginsWithThoseWhoAreThere) {
  const auto ada = OpenAndWait("client_id=ada&group=news");
  const auto ada_too = OpenAndWait("client_id=ada&group=sport");
  SetMetadata("ada", "plan", "pro");
  const auto watch = Watch();
  const State state = watch->Copy();
  ASSERT_EQ(state.events.size(), 2U) << watch->Describe();
  const v1::Client& client = state.events[0].snapshot().client();
  EXPECT_EQ(client.client_id(), "ada");
  EXPECT_EQ(client.metadata().fields().at("plan").string_value(), "pro");
  EXPECT_EQ(client.metadata_version(), 1);
  ASSERT_EQ(client.connections_size(), 2);
  EXPECT_EQ(client.connections(0).connection_id(), Opened(*ada, "connection_id"));
  EXPECT_EQ(client.connections(0).replica_id(), Opened(*ada, "replica_id"));
  EXPECT_NE(client.connections(0).remote_address(), "");
  EXPECT_EQ(client.groups_size(), 2);
  EXPECT_TRUE(state.events[1].has_snapshot_complete());
  EXPECT_EQ(state.events[1].snapshot_complete().unreachable_size(), 0);
}

TEST_F(WatchClients, TellsOfTheFirstAndTheLastConnectionAndThoseBetween) {
  const auto watch = Watch();
  const auto one = OpenAndWait("client_id=ada&group=news", {"User-Agent: browser"});
  const auto connected = Find(*watch, Event::kConnected);
  ASSERT_TRUE(connected.has_value());
  EXPECT_EQ(connected->connected().client().client_id(), "ada");
  EXPECT_EQ(connected->connected().client().groups(0), "news");
  EXPECT_EQ(connected->connected().client().connections(0).user_agent(), "browser");
  EXPECT_EQ(connected->connected().connection_id(), Opened(*one, "connection_id"));
  EXPECT_EQ(connected->connected().replica_id(), Opened(*one, "replica_id"));
  const auto two = OpenAndWait("client_id=ada");
  const auto changed = Find(*watch, Event::kConnectionsChanged);
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->connections_changed().connections(), 2);
  EXPECT_EQ(changed->connections_changed().connection_id(), Opened(*two, "connection_id"));
  one->Close();
  ASSERT_TRUE(watch->WaitFor([](const State& state) { return state.connections.at("ada") == 1; }))
      << watch->Describe();
  two->Close();
  const auto disconnected = Find(*watch, Event::kDisconnected);
  ASSERT_TRUE(disconnected.has_value());
  EXPECT_EQ(disconnected->disconnected().reason(), "client_gone");
  EXPECT_EQ(disconnected->disconnected().connection_id(), Opened(*two, "connection_id"));
  EXPECT_TRUE(watch->Copy().nonsense.empty()) << watch->Describe();
}

TEST_F(WatchClients, TellsWhyAConnectionEnded) {
  const auto watch = Watch();
  const auto ada = OpenAndWait("client_id=ada");
  v1::DisconnectClientRequest request;
  request.set_client_id("ada");
  v1::DisconnectClientResponse response;
  ASSERT_TRUE(Call(&Stub::DisconnectClient, request, &response).ok());
  const auto disconnected = Find(*watch, Event::kDisconnected);
  ASSERT_TRUE(disconnected.has_value());
  EXPECT_EQ(disconnected->disconnected().reason(), "disconnected");
}

TEST_F(WatchClients, TellsOfGroupsAndMetadata) {
  const auto ada = OpenAndWait("client_id=ada&group=news");
  const auto watch = Watch();
  Join("ada", "sport");
  const auto groups = Find(*watch, Event::kGroupsChanged);
  ASSERT_TRUE(groups.has_value());
  EXPECT_EQ(groups->groups_changed().groups_size(), 2);
  SetMetadata("ada", "plan", "pro");
  const auto metadata = Find(*watch, Event::kMetadataChanged);
  ASSERT_TRUE(metadata.has_value());
  EXPECT_EQ(metadata->metadata_changed().metadata_version(), 1);
  EXPECT_EQ(metadata->metadata_changed().metadata().fields().at("plan").string_value(), "pro");
}

TEST_F(WatchClients, FiltersTellOfThoseWhoComeToMatchAndCeaseTo) {
  const auto ada = OpenAndWait("client_id=ada");
  const auto bob = OpenAndWait("client_id=bob");
  v1::WatchClientsRequest request;
  request.set_client_id_prefix("a");
  (*request.mutable_metadata_match())["plan"] = "pro";
  const auto watch = Watch(request);
  EXPECT_EQ(watch->Copy().events.size(), 1U) << watch->Describe();
  SetMetadata("bob", "plan", "pro");
  SetMetadata("ada", "plan", "pro");
  const auto connected = Find(*watch, Event::kConnected);
  ASSERT_TRUE(connected.has_value());
  EXPECT_EQ(connected->connected().client().client_id(), "ada");
  SetMetadata("ada", "plan", "", true);
  const auto disconnected = Find(*watch, Event::kDisconnected);
  ASSERT_TRUE(disconnected.has_value());
  EXPECT_EQ(disconnected->disconnected().client_id(), "ada");
  EXPECT_EQ(disconnected->disconnected().reason(), "filter");
}

TEST_F(WatchClients, OfAGroupAreThoseWithAConnectionInIt) {
  const auto ada = OpenAndWait("client_id=ada");
  v1::WatchClientsRequest request;
  request.set_group("news");
  const auto watch = Watch(request);
  const auto bob = OpenAndWait("client_id=bob&group=news");
  Join("ada", "news");
  ASSERT_TRUE(watch->WaitFor([](const State& state) { return state.clients.size() == 2; }))
      << watch->Describe();
  bob->Close();
  ASSERT_TRUE(watch->WaitFor([](const State& state) { return state.clients.size() == 1; }));
  EXPECT_TRUE(watch->Copy().clients.contains("ada"));
}

TEST_F(WatchClients, RefusesABadRequestAndNamesTheField) {
  v1::WatchClientsRequest request;
  request.set_client_id_prefix("no spaces");
  request.set_group("\n");
  const WatchStream watch(control(), request);
  ASSERT_TRUE(watch.WaitFor([](const State& state) { return state.status.has_value(); }));
  const grpc::Status status = *watch.Copy().status;
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(ViolatedFields(status), (std::vector<std::string>{"client_id_prefix", "group"}));
}

TEST_F(WatchClients, EndsOneThatIsTooSlowAndNoOther) {
  v1::WatchClientsRequest request;
  WatchStream slow(control(), request, false);
  const auto other = Watch();
  const auto ada = OpenAndWait("client_id=ada");
  // Each change is some 16 KB, and 16 MiB are the bound.
  const std::string big(15'000, 'x');
  for (int i = 0; i < 2500; ++i) SetMetadata("ada", "big", std::to_string(i) + big);
  slow.Read();
  ASSERT_TRUE(slow.WaitFor([](const State& state) { return state.status.has_value(); }));
  EXPECT_EQ(slow.Copy().status->error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorReason(*slow.Copy().status), "WATCH_TOO_SLOW");
  ASSERT_TRUE(other->WaitFor([](const State& state) {
    return std::count_if(state.events.begin(), state.events.end(),
                         [](const Event& event) { return event.has_metadata_changed(); }) == 2500;
  }));
  EXPECT_FALSE(other->Copy().status.has_value());
}

TEST_F(WatchClients, EndsWithTheServer) {
  const auto watch = Watch();
  server().process().Signal(SIGTERM);
  ASSERT_TRUE(watch->WaitFor([](const State& state) { return state.status.has_value(); }));
  EXPECT_EQ(watch->Copy().status->error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ErrorReason(*watch->Copy().status), "SHUTTING_DOWN");
  const auto status = server().process().Wait();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(*status, ExitStatus{});
}

}  // namespace
}  // namespace sluice::tests
