#include "edge/door/webhook_answer.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

#include "edge/door/jwt/token_claims.h"
#include "edge/names/text_rules.h"

namespace sluice {
namespace {

namespace json = boost::json;

constexpr std::size_t kMessageBytesMax = 1024;
// Ten years; what is longer is a mistake of units.
constexpr double kExpiresSecondsMax = 10.0 * 365 * 24 * 3600;

absl::Status NoAnswer(absl::string_view why) {
  return absl::UnavailableError(why);
}

absl::Status ReadGroups(const json::value& value, Admission& admission) {
  const json::array* list = value.if_array();
  if (list == nullptr) return NoAnswer("`groups` is no list of group names");
  for (const json::value& entry : *list) {
    const json::string* name = entry.if_string();
    if (name == nullptr || !CheckName({name->data(), name->size()}).ok()) {
      return NoAnswer("`groups` is no list of group names");
    }
    admission.groups.emplace_back(name->data(), name->size());
  }
  std::sort(admission.groups.begin(), admission.groups.end());
  admission.groups.erase(std::unique(admission.groups.begin(), admission.groups.end()),
                         admission.groups.end());
  if (admission.groups.size() <= kGroupsMax) return absl::OkStatus();
  return NoAnswer(absl::StrCat("`groups` holds over ", kGroupsMax, " names"));
}

absl::Status ReadExpiry(const json::value& value, absl::Time now, Admission& admission) {
  json::error_code error;
  const double seconds = value.to_number<double>(error);
  if (error || !(seconds > 0 && seconds <= kExpiresSecondsMax)) {
    return NoAnswer("`expires_in` is no number of seconds");
  }
  admission.expires = now + absl::Seconds(seconds);
  return absl::OkStatus();
}

absl::Status ReadMetadata(const json::value& value, Admission& admission) {
  if (!value.is_object()) return NoAnswer("`metadata` is no JSON object");
  admission.metadata = json::serialize(value);
  if (admission.metadata.size() <= kClaimedMetadataBytesMax) return absl::OkStatus();
  return NoAnswer(absl::StrCat("`metadata` is over ", kClaimedMetadataBytesMax, " bytes"));
}

absl::StatusOr<DoorAnswer> ReadAdmission(const std::string& body, absl::Time now) {
  json::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return NoAnswer("the body is no JSON object");
  const json::object& fields = value.get_object();
  Admission admission;
  if (const json::value* id = fields.if_contains("client_id")) {
    const json::string* text = id->if_string();
    if (text == nullptr || !CheckName({text->data(), text->size()}).ok()) {
      return NoAnswer("`client_id` is no client id");
    }
    admission.client_id = std::string(text->data(), text->size());
  }
  absl::Status status;
  if (const json::value* groups = fields.if_contains("groups")) {
    status.Update(ReadGroups(*groups, admission));
  }
  if (const json::value* metadata = fields.if_contains("metadata")) {
    status.Update(ReadMetadata(*metadata, admission));
  }
  if (const json::value* expires_in = fields.if_contains("expires_in")) {
    status.Update(ReadExpiry(*expires_in, now, admission));
  }
  if (!status.ok()) return status;
  return admission;
}

}  // namespace

absl::StatusOr<DoorAnswer> ReadWebhookAnswer(const FetchAnswer& answer, absl::Time now) {
  if (answer.status >= 200 && answer.status < 300) return ReadAdmission(answer.body, now);
  if (answer.status < 400 || answer.status >= 500) {
    return NoAnswer(absl::StrCat("the answer has status ", answer.status));
  }
  const std::string message(absl::StripAsciiWhitespace(answer.body));
  return Denial{{answer.status, "refused",
                 message.empty() ? "the stream was refused" : ToUtf8(message, kMessageBytesMax)},
                answer.www_authenticate};
}

}  // namespace sluice
