#include "edge/door/jwt/token_verifier.h"

#include <cjose/header.h>
#include <cjose/jws.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace sluice {
namespace {

struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using Jws = std::unique_ptr<cjose_jws_t, ReleaseJws>;

// RFC 7515, 7.1: three parts of base64url, none of them of a length that there is not.
bool HasCompactForm(std::string_view token) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  int parts = 0;
  while (true) {
    const std::string_view part = token.substr(0, token.find('.'));
    if (part.empty() || part.size() % 4 == 1) return false;
    if (part.find_first_not_of(kAllowed) != std::string_view::npos) return false;
    ++parts;
    if (part.size() == token.size()) return parts == 3;
    token.remove_prefix(part.size() + 1);
  }
}

std::string HeaderText(cjose_header_t* header, const char* name) {
  const char* value = cjose_header_get(header, name, nullptr);
  return value == nullptr ? "" : value;
}

bool HasHeader(cjose_header_t* header, const char* name) {
  char* raw = cjose_header_get_raw(header, name, nullptr);
  const bool is_there = raw != nullptr;
  std::free(raw);
  return is_there;
}

absl::Status NotAccepted(const char* why) {
  return absl::UnauthenticatedError(why);
}

}  // namespace

absl::StatusOr<std::string> CheckSignature(std::string_view token, const JwtKeys& keys) {
  if (token.size() > TokenVerifier::kTokenBytesMax) return NotAccepted("the token is too long");
  if (!HasCompactForm(token)) return NotAccepted("the token is no JWT in compact form");
  const Jws jws(cjose_jws_import(token.data(), token.size(), nullptr));
  // The library refuses `none` and what it does not know already here.
  if (jws == nullptr) return NotAccepted("the token is no JWT with a signature that is known here");
  cjose_header_t* header = cjose_jws_get_protected(jws.get());
  // An extension that must be understood and is not (RFC 7515, 4.1.11).
  if (HasHeader(header, "crit")) return NotAccepted("the token has a `crit` header");
  const auto candidates = keys.Candidates(HeaderText(header, "alg"), HeaderText(header, "kid"));
  if (candidates.empty()) {
    return absl::NotFoundError("no key here has the token's `kid` and `alg`");
  }
  int tries = 0;
  for (const JwtKey* candidate : candidates) {
    if (++tries > TokenVerifier::kTriesMax) break;
    if (!cjose_jws_verify(jws.get(), candidate->key.get(), nullptr)) continue;
    std::uint8_t* payload = nullptr;
    std::size_t size = 0;
    if (!cjose_jws_get_plaintext(jws.get(), &payload, &size, nullptr)) break;
    return std::string(reinterpret_cast<const char*>(payload), size);
  }
  return NotAccepted("the token's signature is wrong");
}

absl::StatusOr<TokenClaims> TokenVerifier::Verify(std::string_view token, absl::Time now) const {
  std::shared_ptr<const JwtKeys> keys;
  {
    const MutexLock lock(mutex_);
    keys = keys_;
  }
  if (keys->empty()) return absl::UnavailableError("the keys of tokens are not there yet");
  const auto payload = CheckSignature(token, *keys);
  if (!payload.ok()) return payload.status();
  return ReadClaims(*payload, rules_, now);
}

void TokenVerifier::SetKeys(KeySource source, JwtKeys keys) {
  const MutexLock lock(mutex_);
  keys_by_source_.at(static_cast<std::size_t>(source)) = std::move(keys);
  JwtKeys all;
  for (const JwtKeys& some : keys_by_source_) all = JwtKeys::Union(all, some);
  keys_ = std::make_shared<JwtKeys>(std::move(all));
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace sluice
