#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/watch/watch_stream.h"

namespace sluice::tests {
namespace {

using State = WatchStream::State;
using Event = WatchStream::Event;

class ClusterWatch : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (!IsSkipped()) StartReplicas(3);
  }

  std::unique_ptr<WatchStream> Watch(std::size_t by) {
    auto watch = std::make_unique<WatchStream>(control(by), v1::WatchClientsRequest());
    EXPECT_TRUE(watch->WaitForSnapshot()) << watch->Describe();
    return watch;
  }

  // Every connected client with the number of its connections, as replica `by` lists them.
  std::map<std::string, std::int64_t> List(std::size_t by) {
    std::map<std::string, std::int64_t> clients;
    v1::ListClientsRequest request;
    request.set_page_size(1000);
    request.set_view(v1::CLIENT_VIEW_FULL);
    v1::ListClientsResponse page;
    do {
      EXPECT_TRUE(Call(by, &Stub::ListClients, request, &page).ok());
      for (const v1::Client& client : page.clients()) {
        clients[client.client_id()] = client.connections_size();
      }
      request.set_page_token(page.next_page_token());
    } while (!page.next_page_token().empty());
    return clients;
  }

  static bool HasClients(const WatchStream& watch, const std::vector<std::string>& ids) {
    return watch.WaitFor([&ids](const State& state) {
      std::vector<std::string> present;
      for (const auto& [id, client] : state.clients) present.push_back(id);
      return present == ids;
    });
  }

  static bool HasEvent(const WatchStream& watch, const std::function<bool(const Event&)>& is_it) {
    return watch.WaitFor([&is_it](const State& state) {
      return std::any_of(state.events.begin(), state.events.end(), is_it);
    });
  }

  static int CountDisconnected(const WatchStream& watch) {
    const State state = watch.Copy();
    return static_cast<int>(
        std::count_if(state.events.begin(), state.events.end(),
                      [](const Event& event) { return event.has_disconnected(); }));
  }
};

TEST_F(ClusterWatch, TellsOfEveryReplicasClients) {
  const auto ada = Open(1, "client_id=ada");
  const auto bob = Open(2, "client_id=bob");
  const auto watch = Watch(0);
  EXPECT_TRUE(HasClients(*watch, {"ada", "bob"})) << watch->Describe();
  const auto eve = Open(1, "client_id=eve&group=g");
  const auto ada_too = Open(2, "client_id=ada");
  ASSERT_TRUE(watch->WaitFor([](const State& state) {
    return state.clients.contains("eve") && state.connections.at("ada") == 2;
  })) << watch->Describe();
  EXPECT_EQ(watch->Copy().clients.at("eve").connections(0).replica_id(), "r2");
  ada->Close();
  ASSERT_TRUE(watch->WaitFor([](const State& state) { return state.connections.at("ada") == 1; }));
  ada_too->Close();
  ASSERT_TRUE(HasClients(*watch, {"bob", "eve"})) << watch->Describe();
  EXPECT_TRUE(watch->Copy().nonsense.empty()) << watch->Describe();
}

TEST_F(ClusterWatch, IsSilentOnTheBackplaneWhileNobodyWatches) {
  const auto hears = [this] {
    // What a change costs is a message; it is told to whoever listens.
    return Redis({"INFO", "commandstats"});
  };
  const auto publishes = [&hears]() -> std::int64_t {
    const std::string text = hears();
    const std::size_t at = text.find("cmdstat_publish:calls=");
    return at == std::string::npos ? 0 : std::stoll(text.substr(at + 22));
  };
  // Replicas report every second; a thousand connects must not show beside that.
  const auto before = publishes();
  for (int i = 0; i < 300; ++i) Open(1, "client_id=ada")->Close();
  EXPECT_LT(publishes() - before, 150);
}

TEST_F(ClusterWatch, UnderChurnEqualsTheFinalList) {
  const auto early = Watch(0);
  std::vector<std::thread> threads;
  Watched<std::vector<std::shared_ptr<EventStream>>> kept;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &kept] {
      for (int i = 0; i < 500; ++i) {
        auto stream = Open(static_cast<std::size_t>((t + i) % 3),
                           absl::StrCat("client_id=c", (i * 7 + t) % 300));
        if (i % 5 == 0) {
          kept.Update([&stream](auto& streams) { streams.push_back(std::move(stream)); });
        } else {
          stream->Close();
        }
      }
    });
  }
  const auto late = Watch(1);  // Begins in the midst of it.
  for (std::thread& thread : threads) thread.join();
  for (const auto* watch : {early.get(), late.get()}) {
    EXPECT_TRUE(Eventually([&] { return watch->Copy().connections == List(2); }))
        << watch->Copy().connections.size() << " clients, " << List(2).size() << " in the list";
    EXPECT_TRUE(watch->Copy().nonsense.empty()) << watch->Describe();
    EXPECT_EQ(watch->Copy().snapshots, 1);
  }
}

TEST_F(ClusterWatch, TellsOfReplicasThatComeAndGoWithTheirClients) {
  const auto ada = Open(0, "client_id=ada");
  const auto watch = Watch(0);
  StartReplica();
  ASSERT_TRUE(HasEvent(*watch, [](const Event& event) {
    return event.has_replica_joined() && event.replica_joined().replica_id() == "r4";
  })) << watch->Describe();
  const auto bob = Open(3, "client_id=bob");
  const auto ada_too = Open(3, "client_id=ada");
  ASSERT_TRUE(HasClients(*watch, {"ada", "bob"})) << watch->Describe();
  replica(3).process().Signal(SIGKILL);
  ASSERT_TRUE(HasEvent(*watch, [](const Event& event) {
    return event.has_replica_left() && event.replica_left().replica_id() == "r4";
  })) << watch->Describe();
  EXPECT_TRUE(HasClients(*watch, {"ada"})) << watch->Describe();
  EXPECT_TRUE(HasEvent(*watch, [](const Event& event) {
    return event.has_disconnected() && event.disconnected().client_id() == "bob" &&
           event.disconnected().reason() == "replica_left";
  })) << watch->Describe();
}

TEST_F(ClusterWatch, SurvivesARestartOfRedisByANewSnapshotWithoutAFalseDisconnect) {
  const auto ada = Open(0, "client_id=ada");
  const auto bob = Open(1, "client_id=bob");
  const auto gone = Open(2, "client_id=gone");
  const auto watch = Watch(0);
  ASSERT_TRUE(HasClients(*watch, {"ada", "bob", "gone"}));
  redis().Kill();
  gone->Close();
  redis().Start();
  ASSERT_TRUE(watch->WaitForSnapshot(2)) << watch->Describe();
  EXPECT_TRUE(HasClients(*watch, {"ada", "bob"})) << watch->Describe();
  const auto eve = Open(2, "client_id=eve");
  EXPECT_TRUE(HasClients(*watch, {"ada", "bob", "eve"})) << watch->Describe();
  EXPECT_EQ(CountDisconnected(*watch), 1) << watch->Describe();
}

TEST_F(ClusterWatch, NamesAReplicaThatDoesNotAnswerAndTellsOfItsClientsLater) {
  const auto ada = Open(0, "client_id=ada");
  const auto bob = Open(1, "client_id=bob");
  replica(1).process().Signal(SIGSTOP);
  const auto watch = Watch(0);
  const State state = watch->Copy();
  ASSERT_TRUE(state.events.back().has_snapshot_complete()) << watch->Describe();
  ASSERT_EQ(state.events.back().snapshot_complete().unreachable_size(), 1) << watch->Describe();
  EXPECT_EQ(state.events.back().snapshot_complete().unreachable(0), "r2");
  replica(1).process().Signal(SIGCONT);
  EXPECT_TRUE(HasClients(*watch, {"ada", "bob"})) << watch->Describe();
}

}  // namespace
}  // namespace sluice::tests
