#include "server/door/door_options.h"

#include <absl/strings/str_cat.h>

namespace sluice {
namespace {

absl::Status Missing(absl::string_view given, absl::string_view why, absl::string_view missing) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", given, " is given, ", why, "; expected ", missing, " too"));
}

absl::Status CheckPair(const TlsFiles& files, absl::string_view prefix) {
  if (files.certificate.empty() == files.key.empty()) return absl::OkStatus();
  const bool has_key = files.certificate.empty();
  return Missing(absl::StrCat(prefix, has_key ? "tls-key" : "tls-cert"),
                 has_key ? "but no certificate that it belongs to" : "but not the key of it",
                 absl::StrCat("--", prefix, has_key ? "tls-cert" : "tls-key"));
}

absl::Status ReadUrl(absl::string_view flag, const std::string& text, std::optional<HttpUrl>& url) {
  if (text.empty()) return absl::OkStatus();
  auto parsed = ParseHttpUrl(text);
  if (parsed.ok()) url = *std::move(parsed);
  return parsed.ok()
             ? absl::OkStatus()
             : absl::InvalidArgumentError(absl::StrCat("--", flag, " ", parsed.status().message()));
}

absl::Status CheckTlsFlags(const DoorOptions& options) {
  absl::Status status = CheckPair(options.tls, "");
  if (status.ok()) status = CheckPair(options.grpc_tls, "grpc-");
  if (status.ok() && !options.grpc_client_ca.empty() && options.grpc_tls.certificate.empty()) {
    return Missing("grpc-client-ca", "but certificates of clients come with TLS only",
                   "--grpc-tls-cert and --grpc-tls-key");
  }
  return status;
}

}  // namespace

absl::StatusOr<DoorOptions> ReadDoorOptions(const FlagValues& values) {
  DoorOptions options;
  options.jwt_hs256_file = values.jwt_hs256_file;
  options.jwks_file = values.jwks_file;
  options.tokens_file = values.tokens_file;
  absl::Status urls = ReadUrl("jwks-url", values.jwks_url, options.jwks_url);
  urls.Update(ReadUrl("auth-url", values.auth_url, options.auth_url));
  if (!urls.ok()) return urls;
  options.claim_rules = {values.jwt_issuer, values.jwt_audience};
  options.tls = {values.tls_cert, values.tls_key};
  options.grpc_tls = {values.grpc_tls_cert, values.grpc_tls_key};
  options.grpc_client_ca = values.grpc_client_ca;
  const absl::Status tls = CheckTlsFlags(options);
  if (!tls.ok()) return tls;
  if (options.has_jwt_keys()) return options;
  for (const auto& [flag, value] :
       {std::pair<const char*, const std::string&>{"jwt-issuer", values.jwt_issuer},
        {"jwt-audience", values.jwt_audience}}) {
    if (value.empty()) continue;
    return Missing(flag, "but no keys that tokens are checked with",
                   "--jwt-hs256-file, --jwks-file or --jwks-url");
  }
  return options;
}

}  // namespace sluice
