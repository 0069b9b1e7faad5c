#include "control/backplane/record.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

Struct FromJson(const std::string& json) {
  Struct metadata;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &metadata).ok()) << json;
  return metadata;
}

Record RecordOf(const std::string& json, std::int64_t version) {
  Record record;
  record.metadata = FromJson(json);
  record.version = version;
  return record;
}

RecordChange Setting(const std::string& json) {
  RecordChange change;
  change.metadata.emplace().set = FromJson(json);
  return change;
}

void ExpectMetadata(const absl::StatusOr<Record>& record, const std::string& json) {
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->metadata.DebugString(), FromJson(json).DebugString());
}

TEST(RecordChange, MakesARecordWhereThereIsNone) {
  const auto made = ApplyChange(nullptr, Setting(R"({"plan":"pro"})"));
  ExpectMetadata(made, R"({"plan":"pro"})");
  EXPECT_EQ(made->version, 1);
}

TEST(RecordChange, MergesTopLevelKeysOnly) {
  const Record present = RecordOf(R"({"a":{"x":1,"y":2}})", 4);
  const auto changed = ApplyChange(&present, Setting(R"({"a":{"x":3}})"));
  ExpectMetadata(changed, R"({"a":{"x":3}})");
  EXPECT_EQ(changed->version, 5);
  const auto added = ApplyChange(&present, Setting(R"({"b":1})"));
  EXPECT_EQ(added->metadata.fields().size(), 2U);
}

TEST(RecordChange, TakesNullForAValue) {
  const Record present = RecordOf(R"({"a":1})", 1);
  const auto changed = ApplyChange(&present, Setting(R"({"a":null})"));
  ExpectMetadata(changed, R"({"a":null})");
}

TEST(RecordChange, RemovesKeysAndMindsNoMissingOnes) {
  const Record present = RecordOf(R"({"a":1,"constructor":2})", 1);
  RecordChange change;
  change.metadata.emplace().remove_keys = {"a", "__proto__"};
  ExpectMetadata(ApplyChange(&present, change), R"({"constructor":2})");
}

TEST(RecordChange, ReplacesAll) {
  const Record present = RecordOf(R"({"a":1,"b":2})", 3);
  RecordChange change = Setting(R"({"c":3})");
  change.metadata->replaces_all = true;
  const auto changed = ApplyChange(&present, change);
  ExpectMetadata(changed, R"({"c":3})");
  EXPECT_EQ(changed->version, 4);
  RecordChange empty;
  empty.metadata.emplace().replaces_all = true;
  ExpectMetadata(ApplyChange(&present, empty), "{}");
}

TEST(RecordChange, IsRefusedForAnotherVersion) {
  const Record present = RecordOf("{}", 3);
  RecordChange change = Setting(R"({"a":1})");
  change.metadata->expected_version = 3;
  EXPECT_TRUE(ApplyChange(&present, change).ok());
  for (const std::int64_t expected : {0, 2, 4}) {
    change.metadata->expected_version = expected;
    EXPECT_EQ(ApplyChange(&present, change).status().code(), absl::StatusCode::kAborted);
  }
}

TEST(RecordChange, TakesVersion0ForNoRecord) {
  RecordChange change = Setting("{}");
  change.metadata->expected_version = 0;
  EXPECT_TRUE(ApplyChange(nullptr, change).ok());
  change.metadata->expected_version = 1;
  EXPECT_EQ(ApplyChange(nullptr, change).status().code(), absl::StatusCode::kAborted);
}

TEST(RecordChange, KeepsMetadataTo16KiBAsJson) {
  RecordChange change = Setting("{}");
  // {"k":"..."} has 8 bytes besides the text.
  (*change.metadata->set.mutable_fields())["k"].set_string_value(
      std::string(kMetadataBytesMax - 8, 'x'));
  EXPECT_TRUE(ApplyChange(nullptr, change).ok());
  (*change.metadata->set.mutable_fields())["k"].set_string_value(
      std::string(kMetadataBytesMax - 7, 'x'));
  EXPECT_EQ(ApplyChange(nullptr, change).status().code(), absl::StatusCode::kInvalidArgument);
  // The sum counts, not the change.
  const Record present = RecordOf(R"({"a":")" + std::string(16'000, 'y') + R"("})", 1);
  EXPECT_FALSE(ApplyChange(&present, Setting(R"({"b":")" + std::string(400, 'y') + "\"}")).ok());
}

EventNumber Number(std::uint64_t sequence) {
  EventNumber number;
  number.sequence = sequence;
  return number;
}

Record Changed(const Record* present, const RecordChange& change, std::uint64_t number) {
  auto changed = ApplyChange(present, change);
  EXPECT_TRUE(changed.ok()) << changed.status();
  SetNumber(*changed, Number(number));
  return *changed;
}

RecordChange Joining(std::vector<std::string> groups) {
  return {std::nullopt, std::move(groups), {}};
}

RecordChange Leaving(std::vector<std::string> groups) {
  return {std::nullopt, {}, std::move(groups)};
}

TEST(RecordGroups, KeepTheNumberAtWhichTheClientJoined) {
  const Record first = Changed(nullptr, Joining({"a"}), 10);
  EXPECT_EQ(first.groups.at("a"), Number(10));
  const Record again = Changed(&first, Joining({"a", "b"}), 20);
  EXPECT_EQ(again.groups.at("a"), Number(10)) << "rule keep-join";
  EXPECT_EQ(again.groups.at("b"), Number(20));
  EXPECT_EQ(again.number, Number(20));
  EXPECT_TRUE(IsNewer(&again, &first));
  EXPECT_FALSE(IsNewer(nullptr, &first));
}

TEST(RecordGroups, RememberWhenTheClientLeft) {
  const Record joined = Changed(nullptr, Joining({"a"}), 10);
  const Record left = Changed(&joined, Leaving({"a", "never"}), 20);
  EXPECT_TRUE(left.groups.empty());
  EXPECT_EQ(left.left.at("a"), Number(20));
  EXPECT_EQ(left.left.at("never"), Number(20)) << "a stream may have asked for it";
  const Record back = Changed(&left, Joining({"a"}), 30);
  EXPECT_EQ(back.groups.at("a"), Number(30)) << "it has been away";
  EXPECT_FALSE(back.left.contains("a"));
}

TEST(RecordGroups, LeaveMetadataAndItsVersionAlone) {
  const Record present = RecordOf(R"({"plan":"pro"})", 4);
  const Record joined = Changed(&present, Joining({"a"}), 10);
  EXPECT_EQ(joined.version, 4);
  ExpectMetadata(joined, R"({"plan":"pro"})");
  EXPECT_EQ(Changed(&joined, Setting("{}"), 11).groups.at("a"), Number(10));
}

TEST(RecordGroups, AreAtMost64) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kGroupsMax; ++i) names.push_back("g" + std::to_string(i));
  const Record full = Changed(nullptr, Joining(names), 10);
  EXPECT_TRUE(ApplyChange(&full, Joining({"g0"})).ok());
  const auto over = ApplyChange(&full, Joining({"one more"}));
  EXPECT_EQ(over.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(over.status().message()).find("`groups`"), std::string::npos);
}

TEST(RecordGroups, ForgetTheOldestLeaveBeyond64) {
  Record record;
  for (std::uint64_t i = 1; i <= kGroupsMax + 1; ++i) {
    record = Changed(&record, Leaving({"g" + std::to_string(i)}), i);
  }
  EXPECT_EQ(record.left.size(), kGroupsMax);
  EXPECT_FALSE(record.left.contains("g1"));
  EXPECT_TRUE(record.left.contains("g65"));
}

std::optional<std::string> TextOf(const std::string& json) {
  return ScalarText(FromJson("{\"k\":" + json + "}").fields().at("k"));
}

TEST(ScalarText, IsTheJsonWithStringsBare) {
  EXPECT_EQ(TextOf("\"pro\""), "pro");
  EXPECT_EQ(TextOf("\"\""), "");
  EXPECT_EQ(TextOf("\"3\""), "3");
  EXPECT_EQ(TextOf("3"), "3");
  EXPECT_EQ(TextOf("-0.5"), "-0.5");
  EXPECT_EQ(TextOf("9007199254740992"), "9007199254740992");
  EXPECT_EQ(TextOf("true"), "true");
  EXPECT_EQ(TextOf("false"), "false");
  EXPECT_EQ(TextOf("null"), "null");
}

TEST(ScalarText, IsNoneForListsObjectsAndNothing) {
  EXPECT_EQ(TextOf("[]"), std::nullopt);
  EXPECT_EQ(TextOf("[1]"), std::nullopt);
  EXPECT_EQ(TextOf("{}"), std::nullopt);
  EXPECT_EQ(ScalarText(Value()), std::nullopt);
}

}  // namespace
}  // namespace sluice
