#include "control/caller/reach/narrowed_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Strings = std::vector<std::string>;

Caller ReachingClients(const Strings& prefixes) {
  Caller caller;
  caller.client_id_prefixes = NormalizedPrefixes(prefixes);
  return caller;
}

// Lists these ids as the cluster does.
class NarrowedListTest : public testing::Test {
 protected:
  ClientPage List(const Caller& caller, ClientQuery query) {
    ClientPage answer;
    ListWithinReach(
        caller, std::move(query),
        [this](const ClientQuery& part, ListClientsDone done) { done(PageOf(part)); },
        [&answer](absl::StatusOr<ClientPage> page) {
          ASSERT_TRUE(page.ok());
          answer = *std::move(page);
        });
    return answer;
  }

  // All pages of this size, one after the other.
  Strings ListAll(const Caller& caller, std::size_t page_size, const std::string& prefix = "") {
    Strings ids;
    ClientQuery query;
    query.page_size = page_size;
    query.prefix = prefix;
    while (true) {
      const ClientPage page = List(caller, query);
      EXPECT_LE(page.clients.size(), page_size);
      for (const v1::Client& client : page.clients) ids.push_back(client.client_id());
      if (page.last_id.empty()) return ids;
      EXPECT_GT(page.last_id, query.after) << "the list would not end";
      EXPECT_TRUE(caller.ReachesClient(page.last_id)) << "the token holds a client of others";
      query.after = page.last_id;
    }
  }

  ClientPage PageOf(const ClientQuery& query) {
    ++calls_;
    ClientPage page;
    page.total_size = static_cast<std::int64_t>(ids_.size());
    for (const std::string& id : ids_) {
      if (id <= query.after || id.rfind(query.prefix, 0) != 0) continue;
      if (page.clients.size() == query.page_size) {
        page.last_id = page.clients.back().client_id();
        break;
      }
      page.clients.emplace_back().set_client_id(id);
    }
    return page;
  }

  const Strings ids_ = {"a1", "a2", "a3", "b1", "c1", "c2", "d1"};
  int calls_ = 0;
};

TEST_F(NarrowedListTest, HoldsAllForACallerThatIsNotNarrowed) {
  EXPECT_EQ(ListAll(Caller(), 3), ids_);
  EXPECT_EQ(List(Caller(), {}).total_size, 7);
}

TEST_F(NarrowedListTest, HoldsWhatIsWithinReachWhateverThePagesSize) {
  for (std::size_t page_size = 1; page_size <= 8; ++page_size) {
    EXPECT_EQ(ListAll(ReachingClients({"c", "a", "x"}), page_size),
              (Strings{"a1", "a2", "a3", "c1", "c2"}))
        << page_size;
    EXPECT_EQ(ListAll(ReachingClients({"a2", "b", "d1"}), page_size), (Strings{"a2", "b1", "d1"}))
        << page_size;
  }
}

TEST_F(NarrowedListTest, HoldsNothingForACallerWithoutClients) {
  EXPECT_EQ(ListAll(ReachingClients({}), 3), Strings{});
  Caller groups_only;
  groups_only.group_prefixes = {"a"};
  EXPECT_EQ(ListAll(groups_only, 3), Strings{});
  EXPECT_EQ(calls_, 0);
}

TEST_F(NarrowedListTest, KeepsToThePrefixThatWasAskedFor) {
  EXPECT_EQ(ListAll(ReachingClients({"a", "c"}), 2, "a"), (Strings{"a1", "a2", "a3"}));
  EXPECT_EQ(ListAll(ReachingClients({"a1", "a3", "c"}), 2, "a"), (Strings{"a1", "a3"}));
  EXPECT_EQ(ListAll(ReachingClients({"a", "c"}), 2, "c2"), Strings{"c2"});
  EXPECT_EQ(ListAll(ReachingClients({"a", "c"}), 2, "b"), Strings{});
}

TEST_F(NarrowedListTest, TellsNoTotal) {
  EXPECT_EQ(List(ReachingClients({"a"}), {}).total_size, 0);
}

TEST_F(NarrowedListTest, PassesErrorsOn) {
  absl::Status answer;
  ListWithinReach(
      ReachingClients({"a"}), ClientQuery(),
      [](const ClientQuery&, ListClientsDone done) { done(absl::UnavailableError("away")); },
      [&answer](absl::StatusOr<ClientPage> page) { answer = page.status(); });
  EXPECT_EQ(answer.code(), absl::StatusCode::kUnavailable);
}

TEST(NarrowedGroupList, HoldsTheGroupsOfThePrefixesAlone) {
  Caller caller;
  caller.group_prefixes = NormalizedPrefixes({"a", "c"});
  Strings asked;
  Strings listed;
  ListWithinReach(
      caller, GroupQuery(),
      [&asked](const GroupQuery& part, ListGroupsDone done) {
        asked.push_back(part.prefix);
        GroupPage page;
        page.groups.emplace_back().set_group(part.prefix + "1");
        page.unreachable = {"r2"};
        done(std::move(page));
      },
      [&listed](absl::StatusOr<GroupPage> page) {
        ASSERT_TRUE(page.ok());
        for (const v1::Group& group : page->groups) listed.push_back(group.group());
        EXPECT_EQ(page->unreachable, Strings{"r2"});
        EXPECT_EQ(page->last_id, "");
      });
  EXPECT_EQ(asked, (Strings{"a", "c"}));
  EXPECT_EQ(listed, (Strings{"a1", "c1"}));
}

}  // namespace
}  // namespace sluice
