#include "control/backplane/record.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/json_util.h>

#include "control/request/error_reason.h"

namespace sluice {

using google::protobuf::Value;

absl::StatusOr<Record> ApplyChange(const Record* present, const RecordChange& change) {
  const std::int64_t version = present == nullptr ? 0 : present->version;
  if (change.expected_version.has_value() && *change.expected_version != version) {
    return WithReason(absl::AbortedError(absl::StrCat(
                          "the record has version ", version, ", not the expected ",
                          *change.expected_version, "; read it again and repeat the change")),
                      "VERSION_MISMATCH");
  }
  Record changed;
  changed.version = version + 1;
  if (present != nullptr && !change.replaces_all) changed.metadata = present->metadata;
  auto& fields = *changed.metadata.mutable_fields();
  for (const std::string& key : change.remove_keys) fields.erase(key);
  for (const auto& [key, value] : change.set.fields()) fields[key] = value;

  std::string json;
  const auto written = google::protobuf::util::MessageToJsonString(changed.metadata, &json);
  if (!written.ok()) {
    return absl::InvalidArgumentError("the metadata can't be written as JSON");
  }
  if (json.size() > kMetadataBytesMax) {
    Violations violations;
    violations.Add("metadata", absl::StrCat("would be ", json.size(), " bytes as JSON; at most ",
                                            kMetadataBytesMax, " are allowed"));
    return WithReason(violations.ToStatus(), "METADATA_TOO_LARGE");
  }
  return changed;
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

}  // namespace sluice
