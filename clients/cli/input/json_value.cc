// clients/cli/input/json_value.cc
#include "clients/cli/input/json_value.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <boost/json/parse.hpp>
#include <google/protobuf/util/json_util.h>

#include "clients/cli/text/utf8.h"

namespace sluice::cli {
namespace {

// Protobuf's own parser also takes what is no JSON (single quotes, commas at the end), so that a
// value meant as text would change its type. Boost's is strict and decides.
bool IsJson(const std::string& text, boost::json::value& value, std::string& reason) {
  boost::json::error_code error;
  value = boost::json::parse(text, error);
  reason = error.message();
  return !error;
}

}  // namespace

absl::StatusOr<google::protobuf::Struct> ParseJsonObject(const std::string& text) {
  boost::json::value json;
  std::string reason;
  if (!IsJson(text, json, reason)) {
    return absl::InvalidArgumentError(absl::StrCat("not a JSON document: ", reason));
  }
  if (!json.is_object()) return absl::InvalidArgumentError("expected a JSON object");
  google::protobuf::Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &object);
  if (!status.ok()) return absl::InvalidArgumentError(std::string(status.message()));
  return object;
}

absl::StatusOr<google::protobuf::Value> ParseJsonOrText(const std::string& text) {
  google::protobuf::Value value;
  boost::json::value json;
  std::string reason;
  if (!IsJson(text, json, reason)) {
    if (!IsValidUtf8(text)) return absl::InvalidArgumentError("the value is not UTF-8");
    value.set_string_value(text);
    return value;
  }
  const auto status = google::protobuf::util::JsonStringToMessage(text, &value);
  if (!status.ok()) return absl::InvalidArgumentError(std::string(status.message()));
  return value;
}

}  // namespace sluice::cli
