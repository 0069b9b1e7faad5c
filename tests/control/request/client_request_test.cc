#include "control/request/client_request.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "control/request/page_token.h"
#include "tests/support/request/violated_fields.h"

namespace sluice {
namespace {

using Fields = std::set<std::string>;

template <typename Request>
Fields FieldsOf(const Request& request) {
  return tests::ViolatedFields(ReadRequest(request).status());
}

TEST(GetClientRequest, NeedsAName) {
  v1::GetClientRequest request;
  EXPECT_EQ(tests::ViolatedFields(CheckRequest(request)), Fields{"client_id"});
  request.set_client_id("constructor");
  EXPECT_TRUE(CheckRequest(request).ok());
}

TEST(SetClientMetadataRequest, BecomesAChange) {
  v1::SetClientMetadataRequest request;
  request.set_client_id("ada");
  (*request.mutable_metadata()->mutable_fields())["plan"].set_string_value("pro");
  request.add_remove_keys("old");
  request.set_replace_all(true);
  request.set_expected_version(0);
  const auto change = ReadRequest(request);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->metadata->set.fields().at("plan").string_value(), "pro");
  EXPECT_EQ(change->metadata->remove_keys, std::vector<std::string>{"old"});
  EXPECT_TRUE(change->metadata->replaces_all);
  EXPECT_EQ(change->metadata->expected_version, 0);
}

TEST(SetClientMetadataRequest, ExpectsNoVersionUnlessItSaysOne) {
  v1::SetClientMetadataRequest request;
  request.set_client_id("ada");
  EXPECT_EQ(ReadRequest(request)->metadata->expected_version, std::nullopt);
}

TEST(SetClientMetadataRequest, IsToldEverythingThatIsWrongAtOnce) {
  v1::SetClientMetadataRequest request;
  (*request.mutable_metadata()->mutable_fields())["plan"].set_null_value(
      google::protobuf::NULL_VALUE);
  request.add_remove_keys("fine");
  request.add_remove_keys("plan");
  request.set_expected_version(-1);
  EXPECT_EQ(FieldsOf(request), (Fields{"client_id", "remove_keys[1]", "expected_version"}));
}

// They were stored, and the callers' JSON libraries then failed on every answer with them.
TEST(SetClientMetadataRequest, RefusesValuesThatJsonLacks) {
  v1::SetClientMetadataRequest request;
  request.set_client_id("ada");
  auto& fields = *request.mutable_metadata()->mutable_fields();
  fields["fine"].set_number_value(-0.0);
  fields["nan"].set_number_value(std::numeric_limits<double>::quiet_NaN());
  fields["infinite"].mutable_list_value()->add_values()->set_number_value(
      -std::numeric_limits<double>::infinity());
  (*fields["nested"].mutable_struct_value()->mutable_fields())["unset"];
  EXPECT_EQ(FieldsOf(request), (Fields{"metadata.nan", "metadata.infinite", "metadata.nested"}));
}

TEST(ListClientsRequest, HasDefaultsAndAMostForItsPages) {
  v1::ListClientsRequest request;
  EXPECT_EQ(ReadRequest(request)->page_size, 100U);
  EXPECT_FALSE(ReadRequest(request)->is_full);
  request.set_page_size(1000);
  EXPECT_EQ(ReadRequest(request)->page_size, 1000U);
  request.set_page_size(1'000'000);
  EXPECT_EQ(ReadRequest(request)->page_size, 1000U);
  request.set_view(v1::CLIENT_VIEW_FULL);
  EXPECT_TRUE(ReadRequest(request)->is_full);
}

TEST(ListClientsRequest, IsToldEverythingThatIsWrongAtOnce) {
  v1::ListClientsRequest request;
  request.set_page_size(-1);
  request.set_client_id_prefix("a b");
  request.set_group("\n");
  request.set_view(static_cast<v1::ClientView>(99));
  request.set_page_token("garbage");
  for (int i = 0; i < 17; ++i) (*request.mutable_metadata_match())[std::to_string(i)] = "x";
  EXPECT_EQ(FieldsOf(request), (Fields{"page_size", "client_id_prefix", "group", "view",
                                       "page_token", "metadata_match"}));
}

TEST(ListClientsRequest, GoesOnWithTheSameFilterOnly) {
  v1::ListClientsRequest request;
  request.set_client_id_prefix("user:");
  request.set_group("g");
  (*request.mutable_metadata_match())["plan"] = "pro";
  request.set_page_token(EncodePageToken("user:7", FilterHash(request)));
  EXPECT_EQ(ReadRequest(request)->after, "user:7");
  // The size and the view of a page are no filter.
  request.set_page_size(7);
  request.set_view(v1::CLIENT_VIEW_FULL);
  EXPECT_TRUE(FieldsOf(request).empty());
  v1::ListClientsRequest other = request;
  other.set_group("h");
  EXPECT_EQ(FieldsOf(other), Fields{"page_token"});
  other = request;
  (*other.mutable_metadata_match())["plan"] = "free";
  EXPECT_EQ(FieldsOf(other), Fields{"page_token"});
}

TEST(ListClientsRequest, HashesNoTwoFiltersAlike) {
  v1::ListClientsRequest first;
  first.set_client_id_prefix("a");
  first.set_group("b");
  v1::ListClientsRequest second;
  second.set_client_id_prefix("ab");
  v1::ListClientsRequest third;
  third.set_client_id_prefix("a1:b;");
  (*third.mutable_metadata_match())["a"] = "b";
  v1::ListClientsRequest fourth;
  (*fourth.mutable_metadata_match())["b"] = "a";
  const std::set<std::uint64_t> hashes = {FilterHash(first), FilterHash(second), FilterHash(third),
                                          FilterHash(fourth), FilterHash(v1::ListClientsRequest())};
  EXPECT_EQ(hashes.size(), 5U);
}

TEST(GroupsRequest, NamesEveryFieldThatIsWrong) {
  v1::JoinGroupsRequest request;
  request.set_client_id("a b");
  request.add_groups("good");
  request.add_groups("");
  request.set_connection_id("short");
  EXPECT_EQ(tests::ViolatedFields(ReadRequest(request).status()),
            (Fields{"client_id", "groups[1]", "connection_id"}));
  request.clear_groups();
  request.clear_connection_id();
  request.set_client_id("ada");
  EXPECT_EQ(tests::ViolatedFields(ReadRequest(request).status()), Fields{"groups"});
  for (std::size_t i = 0; i < kGroupsMax; ++i) request.add_groups("g" + std::to_string(i));
  EXPECT_TRUE(ReadRequest(request).ok());
  request.add_groups("one more");
  EXPECT_EQ(ReadRequest(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(GroupsRequest, BecomesACommand) {
  v1::LeaveGroupsRequest request;
  request.set_client_id("ada");
  request.add_groups("g");
  request.set_connection_id("aaaaaaaaaaaaa");
  request.set_allow_missing(true);
  const auto command = ReadRequest(request);
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->client_id, "ada");
  EXPECT_TRUE(command->join.empty());
  EXPECT_EQ(command->leave, std::vector<std::string>{"g"});
  EXPECT_EQ(command->connection_id, "aaaaaaaaaaaaa");
  EXPECT_TRUE(command->allow_missing);
}

TEST(ListGroupsRequest, KeepsTheTokenToItsPrefix) {
  v1::ListGroupsRequest request;
  request.set_prefix("room:");
  request.set_page_token(EncodePageToken("room:1", FilterHash(request)));
  EXPECT_EQ(ReadRequest(request)->after, "room:1");
  EXPECT_EQ(ReadRequest(request)->page_size, 100U);
  request.set_prefix("other:");
  request.set_page_size(-1);
  EXPECT_EQ(tests::ViolatedFields(ReadRequest(request).status()),
            (Fields{"page_size", "page_token"}));
}

}  // namespace
}  // namespace sluice
