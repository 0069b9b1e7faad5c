#include "control/caller/caller.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/caller/reach/request_reach.h"

namespace sluice {
namespace {

using Strings = std::vector<std::string>;

Caller Narrowed(const std::optional<Strings>& groups, const std::optional<Strings>& clients) {
  Caller caller;
  caller.name = "ci";
  caller.scopes = {Scope::kAdmin};
  caller.group_prefixes = groups;
  caller.client_id_prefixes = clients;
  return caller;
}

TEST(Scopes, HaveTheNamesOfTheContract) {
  Strings names;
  for (const Scope scope : kScopes) {
    names.emplace_back(ScopeName(scope));
    EXPECT_EQ(ParseScope(ScopeName(scope)), scope);
  }
  EXPECT_EQ(names, (Strings{"publish", "clients.read", "clients.write", "state.read", "state.write",
                            "admin"}));
  EXPECT_FALSE(ParseScope("Publish").has_value());
  EXPECT_FALSE(ParseScope("").has_value());
}

TEST(Scopes, AreNeededEachAndAdminIsAll) {
  Caller caller;
  caller.scopes = {Scope::kPublish};
  EXPECT_TRUE(CheckScope(caller, Scope::kPublish).ok());
  EXPECT_EQ(CheckScope(caller, Scope::kClientsRead).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(CheckScope(caller, Scope::kAdmin).code(), absl::StatusCode::kPermissionDenied);
  caller.scopes = {Scope::kAdmin};
  for (const Scope scope : kScopes) EXPECT_TRUE(CheckScope(caller, scope).ok());
  EXPECT_FALSE(CheckScope(Caller(), Scope::kPublish).ok());
}

TEST(Reach, IsAllWithoutPrefixes) {
  const Caller caller = Narrowed(std::nullopt, std::nullopt);
  EXPECT_TRUE(CheckGroupReach(caller, "any").ok());
  EXPECT_TRUE(CheckClientReach(caller, "any").ok());
  EXPECT_TRUE(CheckReachesAll(caller).ok());
}

TEST(Reach, IsWhatAPrefixBegins) {
  const Caller caller = Narrowed(Strings{"news."}, Strings{"eu:", "us:"});
  EXPECT_TRUE(CheckGroupReach(caller, "news.eu").ok());
  EXPECT_TRUE(CheckGroupReach(caller, "news.").ok());
  EXPECT_FALSE(CheckGroupReach(caller, "news").ok());
  EXPECT_FALSE(CheckGroupReach(caller, "xnews.").ok());
  EXPECT_TRUE(CheckClientReach(caller, "us:ada").ok());
  EXPECT_FALSE(CheckClientReach(caller, "asia:ada").ok());
  EXPECT_EQ(CheckReachesAll(caller).code(), absl::StatusCode::kPermissionDenied);
}

// Whoever narrows a credential to groups does not mean that it may write to every client.
TEST(Reach, WithPrefixesOfOneKindIsNothingOfTheOther) {
  const Caller groups_only = Narrowed(Strings{"news."}, std::nullopt);
  EXPECT_FALSE(CheckClientReach(groups_only, "ada").ok());
  const Caller clients_only = Narrowed(std::nullopt, Strings{"eu:"});
  EXPECT_FALSE(CheckGroupReach(clients_only, "news.eu").ok());
  const Caller all_clients = Narrowed(Strings{"news."}, Strings{""});
  EXPECT_TRUE(CheckClientReach(all_clients, "ada").ok());
  EXPECT_FALSE(CheckReachesAll(all_clients).ok());
}

TEST(Reach, IsCheckedOnEveryPublishedTarget) {
  const Caller caller = Narrowed(Strings{"g."}, Strings{"c."});
  v1::PublishRequest request;
  request.set_group("g.x");
  EXPECT_TRUE(CheckReach(caller, request).ok());
  request.set_group("x");
  EXPECT_FALSE(CheckReach(caller, request).ok());
  request.set_client_id("c.x");
  EXPECT_TRUE(CheckReach(caller, request).ok());
  request.set_client_id("g.x");
  EXPECT_FALSE(CheckReach(caller, request).ok());
  request.set_broadcast(true);
  EXPECT_FALSE(CheckReach(caller, request).ok());
  EXPECT_FALSE(CheckReach(caller, v1::BroadcastRequest()).ok());
}

// The count in the answer would tell whether the client is in a group out of reach.
TEST(Reach, IsCheckedOnTheGroupThatFiltersAClient) {
  const Caller caller = Narrowed(Strings{"g."}, Strings{"c."});
  v1::SendToClientRequest request;
  request.set_client_id("c.ada");
  EXPECT_TRUE(CheckReach(caller, request).ok());
  request.set_group("g.x");
  EXPECT_TRUE(CheckReach(caller, request).ok());
  request.set_group("secret");
  EXPECT_FALSE(CheckReach(caller, request).ok());
}

TEST(Reach, HidesTheGroupsThatAreOutsideIt) {
  v1::Client client;
  for (const char* group : {"a.1", "b.1", "a.2"}) {
    client.add_groups(group);
    client.add_connections()->add_groups(group);
  }
  KeepWithinReach(Narrowed(Strings{"a."}, Strings{""}), client);
  EXPECT_EQ(client.groups_size(), 2);
  EXPECT_EQ(client.groups(1), "a.2");
  EXPECT_EQ(client.connections(0).groups_size(), 1);
  EXPECT_EQ(client.connections(1).groups_size(), 0);
  KeepWithinReach(Narrowed(std::nullopt, Strings{""}), client);
  EXPECT_EQ(client.groups_size(), 0);
}

TEST(Prefixes, AreSortedAndNoneCoversAnother) {
  EXPECT_EQ(NormalizedPrefixes({"b", "a.b", "a.", "a.c", "a"}), (Strings{"a", "b"}));
  EXPECT_EQ(NormalizedPrefixes({"b", "", "a"}), Strings{""});
  EXPECT_EQ(NormalizedPrefixes({}), Strings{});
}

TEST(Caller, ReachesAMembershipByItsClientAndEveryGroup) {
  Caller caller;
  caller.client_id_prefixes = NormalizedPrefixes({"a"});
  caller.group_prefixes = NormalizedPrefixes({"g"});
  v1::JoinGroupsRequest join;
  join.set_client_id("ada");
  join.add_groups("g1");
  EXPECT_TRUE(CheckReach(caller, join).ok());
  join.add_groups("other");
  EXPECT_EQ(CheckReach(caller, join).code(), absl::StatusCode::kPermissionDenied);
  v1::LeaveGroupsRequest leave;
  leave.set_client_id("bob");
  leave.add_groups("g1");
  EXPECT_EQ(CheckReach(caller, leave).code(), absl::StatusCode::kPermissionDenied);
  v1::DeleteClientRequest remove;
  remove.set_client_id("bob");
  EXPECT_EQ(CheckReach(caller, remove).code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace sluice
