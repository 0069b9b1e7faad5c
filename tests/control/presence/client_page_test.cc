#include "control/presence/client_page.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using internal::v1::ClientsAnswer;

ClientsAnswer Answer(const std::vector<std::string>& ids, const std::string& complete_to = "") {
  ClientsAnswer answer;
  for (const std::string& id : ids) answer.add_clients()->set_client_id(id);
  answer.set_complete_to(complete_to);
  answer.set_total_size(static_cast<std::int64_t>(ids.size()));
  return answer;
}

std::string IdsOf(const ClientPage& page) {
  std::string text;
  for (const v1::Client& client : page.clients) text += client.client_id();
  return text + (page.last_id.empty() ? "" : "|" + page.last_id);
}

TEST(ClientPage, MergesSortedEachClientOnce) {
  const ClientPage page = MergeAnswers({Answer({"a", "c", "e"}), Answer({"b", "c"})}, 10);
  EXPECT_EQ(IdsOf(page), "abce");
  EXPECT_EQ(page.total_size, 5) << "a client on two replicas counts twice";
}

TEST(ClientPage, GoesOnBehindItsLastClientWhenItIsFull) {
  EXPECT_EQ(IdsOf(MergeAnswers({Answer({"a", "c"}), Answer({"b", "d"})}, 3)), "abc|c");
}

// Replica one has more after `b`; what two says of `c` would pass over what one has before it.
TEST(ClientPage, EndsWhereTheFirstAnswerThatHasMoreEnds) {
  EXPECT_EQ(IdsOf(MergeAnswers({Answer({"a", "b"}, "b"), Answer({"c", "d"})}, 10)), "ab|b");
  EXPECT_EQ(IdsOf(MergeAnswers({Answer({"a", "b"}, "b"), Answer({"a", "z"}, "z")}, 10)), "ab|b");
  EXPECT_EQ(IdsOf(MergeAnswers({Answer({}, "m"), Answer({"c", "d"})}, 10)), "cd|m")
      << "it looked at clients that do not match";
}

TEST(ClientPage, EndsTheListWhenNobodyHasMore) {
  EXPECT_EQ(IdsOf(MergeAnswers({Answer({}), Answer({"a"})}, 1)), "a");
  EXPECT_EQ(IdsOf(MergeAnswers(std::vector<ClientsAnswer>(), 1)), "");
}

TEST(ClientPage, PutsTogetherWhatReplicasSayOfAClient) {
  v1::Client one;
  one.set_client_id("ada");
  one.add_groups("b");
  one.mutable_connect_time()->set_seconds(20);
  one.set_metadata_version(2);
  (*one.mutable_metadata()->mutable_fields())["plan"].set_string_value("new");
  one.add_connections()->mutable_connect_time()->set_seconds(20);
  v1::Client other;
  other.set_client_id("ada");
  other.add_groups("a");
  other.add_groups("b");
  other.mutable_connect_time()->set_seconds(10);
  other.set_metadata_version(1);
  other.add_connections()->mutable_connect_time()->set_seconds(10);

  v1::Client merged;
  MergeClient(one, merged);
  MergeClient(other, merged);
  EXPECT_EQ(merged.groups_size(), 2);
  EXPECT_EQ(merged.groups(0), "a");
  EXPECT_EQ(merged.connect_time().seconds(), 10);
  EXPECT_EQ(merged.metadata_version(), 2);
  EXPECT_EQ(merged.metadata().fields().at("plan").string_value(), "new");
  ASSERT_EQ(merged.connections_size(), 2);
  EXPECT_EQ(merged.connections(0).connect_time().seconds(), 10) << "oldest first";
}

}  // namespace
}  // namespace sluice
