#include "server/door/doors.h"

#include <utility>

#include "edge/door/jwt_door.h"
#include "edge/door/webhook_door.h"

namespace sluice {
namespace {

// The key's bytes; editors end a file with a newline that is none of them.
absl::StatusOr<JwtKeys> ReadSecret(std::string_view contents) {
  if (!contents.empty() && contents.back() == '\n') contents.remove_suffix(1);
  return JwtKeys::FromSecret(contents);
}

}  // namespace

Doors::Doors(const DoorOptions& options, const Clock& clock) : verifier_(options.claim_rules) {
  using Source = TokenVerifier::KeySource;
  WatchKeyFile("jwt-hs256-file", options.jwt_hs256_file, Source::kSecretFile, ReadSecret);
  WatchKeyFile("jwks-file", options.jwks_file, Source::kJwksFile, JwtKeys::FromJwks);
  if (options.jwks_url.has_value() || options.auth_url.has_value()) {
    fetch_thread_ = std::make_unique<FetchThread>();
  }
  if (options.jwks_url.has_value()) {
    jwks_source_ = std::make_unique<JwksSource>(fetch_thread_->io_context(), *options.jwks_url,
                                                verifier_, clock);
  }
  OpenStreams(options, clock);
  if (options.guards_callers()) {
    caller_door_.emplace(options.has_jwt_keys() ? &verifier_ : nullptr, clock, jwks_source_.get());
  }
  WatchTokensFile(options.tokens_file);
  WatchCertificates(options);
}

Doors::~Doors() {
  Stop();
}

void Doors::OpenStreams(const DoorOptions& options, const Clock& clock) {
  if (options.auth_url.has_value()) {
    stream_door_ =
        std::make_unique<WebhookDoor>(fetch_thread_->io_context(), *options.auth_url, clock);
  } else if (options.has_jwt_keys()) {
    stream_door_ = std::make_unique<JwtDoor>(verifier_, clock, jwks_source_.get());
  }
}

void Doors::WatchKeyFile(const char* flag, const std::string& path, TokenVerifier::KeySource source,
                         absl::StatusOr<JwtKeys> (*read)(std::string_view)) {
  if (path.empty()) return;
  Watch({{flag, path}}, [this, source, read](const auto& contents) -> absl::Status {
    auto keys = read(contents.front());
    if (keys.ok()) verifier_.SetKeys(source, *std::move(keys));
    return keys.status();
  });
}

void Doors::WatchTokensFile(const std::string& path) {
  if (path.empty()) return;
  Watch({{"tokens-file", path}}, [this](const auto& contents) -> absl::Status {
    auto file = ParseTokensFile(contents.front());
    if (file.ok()) caller_door_->SetTokensFile(*std::move(file));
    return file.status();
  });
}

void Doors::WatchCertificates(const DoorOptions& options) {
  if (!options.tls.certificate.empty()) {
    stream_tls_.emplace();
    Watch({{"tls-cert", options.tls.certificate}, {"tls-key", options.tls.key}},
          [this](const auto& contents) -> absl::Status {
            auto context = MakeTlsContext(contents[0], contents[1]);
            if (context.ok()) stream_tls_->Replace(*std::move(context));
            return context.status();
          });
  }
  // gRPC reads these files again by itself, every second; but it says nothing of what is wrong.
  if (options.grpc_tls.certificate.empty()) return;
  Watch({{"grpc-tls-cert", options.grpc_tls.certificate}, {"grpc-tls-key", options.grpc_tls.key}},
        [](const auto& contents) { return MakeTlsContext(contents[0], contents[1]).status(); });
  if (options.grpc_client_ca.empty()) return;
  Watch({{"grpc-client-ca", options.grpc_client_ca}},
        [](const auto& contents) { return CheckAuthorities(contents.front()); });
}

void Doors::Watch(std::vector<NamedFile> files,
                  absl::AnyInvocable<absl::Status(const WatchedFiles::Contents&)> apply) {
  files_.push_back(std::make_unique<WatchedFiles>(std::move(files), std::move(apply)));
}

absl::StatusOr<std::unique_ptr<Doors>> Doors::Open(const DoorOptions& options, const Clock& clock) {
  std::unique_ptr<Doors> doors(new Doors(options, clock));
  for (const auto& file : doors->files_) {
    const absl::Status status = file->Load();
    if (!status.ok()) return status;
  }
  if (doors->jwks_source_ != nullptr) doors->jwks_source_->Start();
  return doors;
}

void Doors::Stop() {
  if (fetch_thread_ == nullptr) return;
  fetch_thread_->Stop();
  // What was asked holds on to connections of the edge, which goes next.
  stream_door_.reset();
  jwks_source_.reset();
  fetch_thread_.reset();
}

std::optional<JwksSource::Health> Doors::key_health() const {
  if (jwks_source_ == nullptr) return std::nullopt;
  return jwks_source_->health();
}

void Doors::Reload() {
  for (const auto& file : files_) file->Reload();
}

}  // namespace sluice
