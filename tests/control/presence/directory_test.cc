#include "control/presence/directory.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Ids = std::vector<std::string>;

class DirectoryTest : public testing::Test {
 protected:
  // Returns a handle for Remove.
  int Add(const std::string& client_id, const std::vector<std::string>& groups = {}) {
    const OpenedConnection opened = {ConnectionId::Make(0), client_id, groups, absl::UnixEpoch()};
    Directory::Client* client = directory_.Add(opened, nullptr, {}, groups);
    added_.emplace(++last_, std::make_pair(client, opened.id));
    return last_;
  }

  std::vector<std::string> Remove(int handle) {
    const auto& [client, id] = added_.at(handle);
    return directory_.Remove(client, id, EndReason::kClientGone);
  }

  Ids Page(const std::string& after = "", const std::string& prefix = "",
           const std::string& group = "", std::size_t limit = 100) {
    Ids ids;
    for (const Directory::Client* client : directory_.Page(after, prefix, group, limit)) {
      ids.push_back(client->id);
    }
    return ids;
  }

  Directory directory_;
  std::map<int, std::pair<Directory::Client*, ConnectionId>> added_;
  int last_ = 0;
};

TEST_F(DirectoryTest, ListsEachClientOnceInTheOrderOfBytes) {
  for (const char* id : {"b", "a", "B", "\xC3\xA9", "a", "aa", "__proto__", "constructor"}) Add(id);
  EXPECT_EQ(Page(), (Ids{"B", "__proto__", "a", "aa", "b", "constructor", "\xC3\xA9"}));
  EXPECT_EQ(directory_.ClientIds(), Page());
  EXPECT_EQ(directory_.ClientCount(""), 7U);
}

TEST_F(DirectoryTest, GoesOnAfterTheLastIdEvenWhenThatClientHasLeft) {
  Add("a");
  const int gone = Add("b");
  Add("c");
  EXPECT_EQ(Page("", "", "", 2), (Ids{"a", "b"}));
  Remove(gone);
  EXPECT_EQ(Page("b"), Ids{"c"});
  EXPECT_EQ(Page("c"), Ids{});
}

TEST_F(DirectoryTest, ListsByPrefix) {
  for (const char* id : {"a", "user:1", "user:2", "user;", "v"}) Add(id);
  EXPECT_EQ(Page("", "user:"), (Ids{"user:1", "user:2"}));
  EXPECT_EQ(Page("user:1", "user:"), Ids{"user:2"});
  EXPECT_EQ(Page("a", "user:"), (Ids{"user:1", "user:2"})) << "the token may be of a smaller id";
  EXPECT_EQ(Page("v", "user:"), Ids{});
  EXPECT_EQ(Page("", "none"), Ids{});
  EXPECT_EQ(Page("", "v"), Ids{"v"});
}

TEST_F(DirectoryTest, ListsByGroup) {
  Add("ada", {"g", "h"});
  Add("bob", {"h"});
  Add("cyd", {"g"});
  EXPECT_EQ(Page("", "", "g"), (Ids{"ada", "cyd"}));
  EXPECT_EQ(Page("ada", "", "g"), Ids{"cyd"});
  EXPECT_EQ(Page("", "c", "g"), Ids{"cyd"});
  EXPECT_EQ(Page("", "", "none"), Ids{});
  EXPECT_EQ(directory_.ClientCount("g"), 2U);
  EXPECT_EQ(directory_.ClientCount("none"), 0U);
}

TEST_F(DirectoryTest, KeepsAClientWhileItHasAConnection) {
  const int first = Add("ada", {"g"});
  const int second = Add("ada", {"g", "h"});
  EXPECT_EQ(directory_.ClientCount(""), 1U);
  EXPECT_EQ(directory_.ClientCount("g"), 1U);
  EXPECT_EQ(Remove(second), (Ids{"g", "h"}));
  EXPECT_EQ(Page("", "", "g"), Ids{"ada"}) << "the first connection is still in it";
  EXPECT_EQ(Page("", "", "h"), Ids{});
  EXPECT_EQ(Remove(first), Ids{"g"});
  EXPECT_EQ(directory_.Find("ada"), nullptr);
  EXPECT_EQ(directory_.ClientCount("g"), 0U);
}

TEST_F(DirectoryTest, KeepsItsConnectionsOldestFirst) {
  const int first = Add("ada");
  Add("ada");
  Add("ada");
  const ConnectionId second = directory_.Find("ada")->connections[1].id;
  Remove(first);
  ASSERT_EQ(directory_.Find("ada")->connections.size(), 2U);
  EXPECT_EQ(directory_.Find("ada")->connections[0].id, second);
}

}  // namespace
}  // namespace sluice
