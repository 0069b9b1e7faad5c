#include "edge/door/jwt/jwt_keys.h"

#include <absl/strings/str_cat.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

namespace json = boost::json;

// RFC 7518, 3.3 asks for 2048 bits; above the maximum a check costs more than any use needs.
constexpr std::size_t kRsaBitsMin = 2048;
constexpr std::size_t kRsaBitsMax = 8192;

absl::string_view View(json::string_view text) {
  return {text.data(), text.size()};
}

json::string_view Text(const json::object& object, json::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? json::string_view(value->get_string())
                                                : json::string_view();
}

// The algorithms that a key of this kind may check; none: it is of no use here.
std::vector<std::string> AlgorithmsOf(const json::object& jwk) {
  const json::string_view type = Text(jwk, "kty");
  const json::string_view curve = Text(jwk, "crv");
  if (type == "RSA") return {"RS256", "RS384", "RS512", "PS256"};
  if (type == "EC" && curve == "P-256") return {"ES256"};
  if (type == "EC" && curve == "P-384") return {"ES384"};
  return {};
}

// False if the key says that it is not for checking signatures (RFC 7517, 4.2 and 4.3).
bool IsForSignatures(const json::object& jwk) {
  if (jwk.contains("use") && Text(jwk, "use") != "sig") return false;
  const json::value* operations = jwk.if_contains("key_ops");
  if (operations == nullptr) return true;
  if (!operations->is_array()) return false;
  const json::array& list = operations->get_array();
  return std::find(list.begin(), list.end(), json::value("verify")) != list.end();
}

// RFC 7515, 2 "Base64url Encoding". The library aborts the process over some texts that are none.
bool IsBase64Url(json::string_view text) {
  constexpr json::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return !text.empty() && text.size() % 4 != 1 &&
         text.find_first_not_of(kAllowed) == json::string_view::npos;
}

bool HasNumbers(const json::object& jwk) {
  if (Text(jwk, "kty") == "RSA") {
    return IsBase64Url(Text(jwk, "n")) && IsBase64Url(Text(jwk, "e"));
  }
  return IsBase64Url(Text(jwk, "x")) && IsBase64Url(Text(jwk, "y"));
}

// The public members alone: whatever private ones a set leaks stay unread.
std::string PublicText(const json::object& jwk) {
  json::object members;
  for (const char* name : {"kty", "crv", "n", "e", "x", "y"}) {
    if (const json::value* member = jwk.if_contains(name)) members[name] = *member;
  }
  return json::serialize(members);
}

absl::Status CheckKeySize(const JwtKey& key) {
  if (cjose_jwk_get_kty(key.key.get(), nullptr) != CJOSE_JWK_KTY_RSA) return absl::OkStatus();
  const std::size_t bits = cjose_jwk_get_keysize(key.key.get(), nullptr);
  if (bits >= kRsaBitsMin && bits <= kRsaBitsMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("is an RSA key of ", bits, " bits; expected ",
                                                 kRsaBitsMin, " to ", kRsaBitsMax));
}

absl::StatusOr<std::shared_ptr<const JwtKey>> ReadKey(const json::value& value) {
  if (!value.is_object()) return absl::InvalidArgumentError("is no object");
  const json::object& jwk = value.get_object();
  auto key = std::make_shared<JwtKey>();
  key->algorithms = AlgorithmsOf(jwk);
  if (key->algorithms.empty()) {
    return absl::InvalidArgumentError(
        "is of no type that is used here; expected `kty` RSA, or EC with `crv` P-256 or P-384");
  }
  if (!IsForSignatures(jwk)) return absl::InvalidArgumentError("is not for checking signatures");
  if (jwk.contains("alg")) {
    const std::string algorithm(View(Text(jwk, "alg")));
    const auto& known = key->algorithms;
    if (std::find(known.begin(), known.end(), algorithm) == known.end()) {
      return absl::InvalidArgumentError("has an `alg` that its type does not have here");
    }
    key->algorithms = {algorithm};
  }
  if (!HasNumbers(jwk)) return absl::InvalidArgumentError("has numbers that are no base64url");
  key->id = std::string(View(Text(jwk, "kid")));
  const std::string text = PublicText(jwk);
  key->key.reset(cjose_jwk_import(text.data(), text.size(), nullptr));
  if (key->key == nullptr) return absl::InvalidArgumentError("is no valid key");
  const absl::Status size = CheckKeySize(*key);
  if (!size.ok()) return size;
  return key;
}

}  // namespace

absl::StatusOr<JwtKeys> JwtKeys::FromJwks(std::string_view text) {
  if (text.size() > kJwksBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("is over ", kJwksBytesMax, " bytes; expected a JWK Set with a few keys"));
  }
  json::error_code error;
  const json::value set = json::parse({text.data(), text.size()}, error);
  const json::object* object = error ? nullptr : set.if_object();
  const json::value* list = object == nullptr ? nullptr : object->if_contains("keys");
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError("is no JWK Set; expected JSON such as {\"keys\":[…]}");
  }
  const json::array& entries = list->get_array();
  if (entries.size() > kKeysMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("holds ", entries.size(), " keys; at most ", kKeysMax, " are allowed"));
  }
  JwtKeys keys;
  absl::Status first_problem;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto key = ReadKey(entries[i]);
    if (key.ok()) {
      keys.keys_.push_back(*std::move(key));
    } else if (first_problem.ok()) {
      first_problem = absl::InvalidArgumentError(
          absl::StrCat("holds no key that can be used: `keys[", i, "]` ", key.status().message()));
    }
  }
  if (!keys.empty()) return keys;
  if (!first_problem.ok()) return first_problem;
  return absl::InvalidArgumentError("holds no key; expected at least one");
}

absl::StatusOr<JwtKeys> JwtKeys::FromSecret(std::string_view bytes) {
  if (bytes.size() < kSecretBytesMin) {
    return absl::InvalidArgumentError(
        absl::StrCat("holds ", bytes.size(), " bytes; a key for HS256 has at least ",
                     kSecretBytesMin, ", such as those of `openssl rand 32`"));
  }
  auto key = std::make_shared<JwtKey>();
  key->algorithms = {"HS256"};
  key->key.reset(cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                           bytes.size(), nullptr));
  if (key->key == nullptr) return absl::InvalidArgumentError("could not be made a key");
  JwtKeys keys;
  keys.keys_.push_back(std::move(key));
  return keys;
}

JwtKeys JwtKeys::Union(const JwtKeys& one, const JwtKeys& other) {
  JwtKeys keys = one;
  keys.keys_.insert(keys.keys_.end(), other.keys_.begin(), other.keys_.end());
  return keys;
}

std::vector<const JwtKey*> JwtKeys::Candidates(std::string_view algorithm,
                                               std::string_view id) const {
  std::vector<const JwtKey*> candidates;
  for (const auto& key : keys_) {
    const auto& known = key->algorithms;
    if (std::find(known.begin(), known.end(), algorithm) == known.end()) continue;
    if (id.empty() || key->id.empty() || key->id == id) candidates.push_back(key.get());
  }
  return candidates;
}

}  // namespace sluice
