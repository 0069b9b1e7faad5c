#include "edge/door/jwt/token_claims.h"

#include <absl/strings/str_cat.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>

namespace sluice {
namespace {

namespace json = boost::json;

constexpr absl::Duration kLeeway = absl::Seconds(60);
constexpr double kYear10000 = 253402300800.0;

absl::string_view View(const std::string_view text) {
  return {text.data(), text.size()};
}

// Reads claims one after the other and remembers the first that is wrong.
class ClaimReader {
 public:
  explicit ClaimReader(const json::object& claims) : claims_(claims) {}

  void Fail(absl::string_view claim, absl::string_view wrong) {
    if (status_.ok()) {
      status_ = absl::UnauthenticatedError(absl::StrCat("claim `", claim, "` ", wrong));
    }
  }

  const json::value* Find(std::string_view name) const {
    return claims_.if_contains({name.data(), name.size()});
  }

  std::string Text(std::string_view name) {
    const json::value* value = Find(name);
    if (value == nullptr) return "";
    if (!value->is_string()) {
      Fail(View(name), "is no string");
      return "";
    }
    return std::string(value->get_string().data(), value->get_string().size());
  }

  // RFC 7519, 2 "NumericDate".
  std::optional<absl::Time> Time(std::string_view name) {
    const json::value* value = Find(name);
    if (value == nullptr) return std::nullopt;
    json::error_code error;
    const double seconds = value->to_number<double>(error);
    if (error || !std::isfinite(seconds) || std::abs(seconds) >= kYear10000) {
      Fail(View(name), "is no number of seconds since 1970");
      return std::nullopt;
    }
    return absl::FromUDate(seconds * 1000);
  }

  std::vector<std::string> List(std::string_view name) {
    const json::value* value = Find(name);
    if (value == nullptr) return {};
    std::vector<std::string> list;
    const json::array* entries = value->if_array();
    if (entries == nullptr) Fail(View(name), "is no list of strings");
    for (std::size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
      const json::string* text = (*entries)[i].if_string();
      if (text == nullptr) {
        Fail(View(name), "is no list of strings");
        break;
      }
      list.emplace_back(text->data(), text->size());
    }
    return list;
  }

  std::optional<std::vector<std::string>> OptionalList(std::string_view name) {
    if (Find(name) == nullptr) return std::nullopt;
    return List(name);
  }

  std::string Metadata() {
    const json::value* value = Find("metadata");
    if (value == nullptr) return "";
    if (!value->is_object()) {
      Fail("metadata", "is no JSON object");
      return "";
    }
    std::string text = json::serialize(*value);
    if (text.size() > kClaimedMetadataBytesMax) {
      Fail("metadata", absl::StrCat("is over ", kClaimedMetadataBytesMax, " bytes"));
    }
    return text;
  }

  const absl::Status& status() const { return status_; }

 private:
  const json::object& claims_;
  absl::Status status_;
};

void CheckTimes(ClaimReader& reader, absl::Time now, TokenClaims& claims) {
  const auto expires = reader.Time("exp");
  if (expires.has_value()) {
    claims.expires = *expires;
    if (now >= *expires) reader.Fail("exp", "is past: the token has expired");
  }
  const auto not_before = reader.Time("nbf");
  if (not_before.has_value() && *not_before > now + kLeeway) {
    reader.Fail("nbf", "is to come: the token is not valid yet");
  }
  const auto issued_at = reader.Time("iat");
  if (issued_at.has_value() && *issued_at > now + kLeeway) {
    reader.Fail("iat", "is to come: the token was issued in the future");
  }
}

void CheckParties(ClaimReader& reader, const ClaimRules& rules) {
  if (!rules.issuer.empty() && reader.Text("iss") != rules.issuer) {
    reader.Fail("iss", "is not the issuer that --jwt-issuer names");
  }
  if (rules.audience.empty()) return;
  // RFC 7519, 4.1.3: one string, or a list of them.
  const json::value* audience = reader.Find("aud");
  bool is_meant = false;
  if (audience != nullptr && audience->is_array()) {
    for (const std::string& entry : reader.List("aud")) is_meant |= entry == rules.audience;
  } else {
    is_meant = reader.Text("aud") == rules.audience;
  }
  if (!is_meant) reader.Fail("aud", "does not hold the audience that --jwt-audience names");
}

}  // namespace

absl::StatusOr<TokenClaims> ReadClaims(std::string_view payload, const ClaimRules& rules,
                                       absl::Time now) {
  json::error_code error;
  const json::value value = json::parse({payload.data(), payload.size()}, error);
  if (error || !value.is_object()) {
    return absl::UnauthenticatedError("the token's payload is no JSON object");
  }
  ClaimReader reader(value.get_object());
  TokenClaims claims;
  CheckTimes(reader, now, claims);
  CheckParties(reader, rules);
  claims.subject = reader.Text("sub");
  claims.groups = reader.List("groups");
  claims.group_patterns = reader.List("group_patterns");
  claims.metadata = reader.Metadata();
  claims.scopes = reader.List("scopes");
  claims.group_prefixes = reader.OptionalList("group_prefixes");
  claims.client_id_prefixes = reader.OptionalList("client_id_prefixes");
  if (!reader.status().ok()) return reader.status();
  return claims;
}

}  // namespace sluice
