#include "control/backplane/record.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

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
  return {FromJson(json), version};
}

RecordChange Setting(const std::string& json) {
  RecordChange change;
  change.set = FromJson(json);
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
  change.remove_keys = {"a", "__proto__"};
  ExpectMetadata(ApplyChange(&present, change), R"({"constructor":2})");
}

TEST(RecordChange, ReplacesAll) {
  const Record present = RecordOf(R"({"a":1,"b":2})", 3);
  RecordChange change = Setting(R"({"c":3})");
  change.replaces_all = true;
  const auto changed = ApplyChange(&present, change);
  ExpectMetadata(changed, R"({"c":3})");
  EXPECT_EQ(changed->version, 4);
  RecordChange empty;
  empty.replaces_all = true;
  ExpectMetadata(ApplyChange(&present, empty), "{}");
}

TEST(RecordChange, IsRefusedForAnotherVersion) {
  const Record present = RecordOf("{}", 3);
  RecordChange change = Setting(R"({"a":1})");
  change.expected_version = 3;
  EXPECT_TRUE(ApplyChange(&present, change).ok());
  for (const std::int64_t expected : {0, 2, 4}) {
    change.expected_version = expected;
    EXPECT_EQ(ApplyChange(&present, change).status().code(), absl::StatusCode::kAborted);
  }
}

TEST(RecordChange, TakesVersion0ForNoRecord) {
  RecordChange change = Setting("{}");
  change.expected_version = 0;
  EXPECT_TRUE(ApplyChange(nullptr, change).ok());
  change.expected_version = 1;
  EXPECT_EQ(ApplyChange(nullptr, change).status().code(), absl::StatusCode::kAborted);
}

TEST(RecordChange, KeepsMetadataTo16KiBAsJson) {
  RecordChange change;
  // {"k":"..."} has 8 bytes besides the text.
  (*change.set.mutable_fields())["k"].set_string_value(std::string(kMetadataBytesMax - 8, 'x'));
  EXPECT_TRUE(ApplyChange(nullptr, change).ok());
  (*change.set.mutable_fields())["k"].set_string_value(std::string(kMetadataBytesMax - 7, 'x'));
  EXPECT_EQ(ApplyChange(nullptr, change).status().code(), absl::StatusCode::kInvalidArgument);
  // The sum counts, not the change.
  const Record present = RecordOf(R"({"a":")" + std::string(16'000, 'y') + R"("})", 1);
  EXPECT_FALSE(ApplyChange(&present, Setting(R"({"b":")" + std::string(400, 'y') + "\"}")).ok());
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
