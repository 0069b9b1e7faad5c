#include "control/backplane/record.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "control/request/error_reason.h"

namespace sluice {

using google::protobuf::Value;

namespace {

absl::Status ChangeMetadata(const RecordChange::Metadata& change, Record& record) {
  if (change.expected_version.has_value() && *change.expected_version != record.version) {
    return WithReason(absl::AbortedError(absl::StrCat(
                          "the record has version ", record.version, ", not the expected ",
                          *change.expected_version, "; read it again and repeat the change")),
                      "VERSION_MISMATCH");
  }
  ++record.version;
  if (change.replaces_all) record.metadata.Clear();
  auto& fields = *record.metadata.mutable_fields();
  for (const std::string& key : change.remove_keys) fields.erase(key);
  for (const auto& [key, value] : change.set.fields()) fields[key] = value;

  std::string json;
  const auto written = google::protobuf::util::MessageToJsonString(record.metadata, &json);
  if (!written.ok()) {
    return absl::InvalidArgumentError("the metadata can't be written as JSON");
  }
  if (json.size() > kMetadataBytesMax) {
    Violations violations;
    violations.Add("metadata", absl::StrCat("would be ", json.size(), " bytes as JSON; at most ",
                                            kMetadataBytesMax, " are allowed"));
    return WithReason(violations.ToStatus(), "METADATA_TOO_LARGE");
  }
  return absl::OkStatus();
}

void ForgetOldestLeft(Record& record) {
  while (record.left.size() > kGroupsMax) {
    const auto is_older = [](const auto& a, const auto& b) {
      // Those that are new have no number yet.
      return a.second.sequence - 1 < b.second.sequence - 1;
    };
    record.left.erase(std::min_element(record.left.begin(), record.left.end(), is_older));
  }
}

}  // namespace

absl::StatusOr<Record> ApplyChange(const Record* present, const RecordChange& change) {
  Record changed;
  if (present != nullptr) changed = *present;
  changed.number = EventNumber();
  if (change.metadata.has_value()) {
    const absl::Status status = ChangeMetadata(*change.metadata, changed);
    if (!status.ok()) return status;
  }
  for (const std::string& group : change.join) {
    changed.groups.try_emplace(group);
    changed.left.erase(group);
  }
  for (const std::string& group : change.leave) {
    changed.groups.erase(group);
    changed.left[group] = EventNumber();
  }
  ForgetOldestLeft(changed);
  if (changed.groups.size() > kGroupsMax) {
    Violations violations;
    violations.Add("groups",
                   absl::StrCat("would assign ", changed.groups.size(),
                                " groups to the client; at most ", kGroupsMax, " are allowed"));
    return WithReason(violations.ToStatus(), "TOO_MANY_GROUPS");
  }
  return changed;
}

void SetNumber(Record& record, const EventNumber& number) {
  record.number = number;
  for (auto* groups : {&record.groups, &record.left}) {
    for (auto& [group, since] : *groups) {
      if (since.sequence == 0) since = number;
    }
  }
}

bool IsNewer(const Record* a, const Record* b) {
  if (a == nullptr) return false;
  return b == nullptr || a->number.sequence > b->number.sequence;
}

std::optional<std::string> ScalarText(const Value& value) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      return value.string_value();
    case Value::kNullValue:
    case Value::kNumberValue:
    case Value::kBoolValue: {
      std::string json;
      if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) return std::nullopt;
      return json;
    }
    default:
      return std::nullopt;
  }
}

bool HoldsScalars(const google::protobuf::Struct& metadata,
                  const google::protobuf::Map<std::string, std::string>& match) {
  return std::all_of(match.begin(), match.end(), [&metadata](const auto& wanted) {
    const auto found = metadata.fields().find(wanted.first);
    return found != metadata.fields().end() && ScalarText(found->second) == wanted.second;
  });
}

}  // namespace sluice
