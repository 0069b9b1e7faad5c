#include "server/door/doors.h"

#include <utility>

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
  if (options.guards_streams()) jwt_door_.emplace(verifier_, clock);
  if (options.guards_callers()) {
    caller_door_.emplace(options.has_jwt_keys() ? &verifier_ : nullptr, clock);
  }
  WatchTokensFile(options.tokens_file);
}

void Doors::WatchKeyFile(const char* flag, const std::string& path, TokenVerifier::KeySource source,
                         absl::StatusOr<JwtKeys> (*read)(std::string_view)) {
  if (path.empty()) return;
  files_.push_back(std::make_unique<WatchedFile>(
      flag, path, [this, source, read](const std::string& contents) -> absl::Status {
        auto keys = read(contents);
        if (keys.ok()) verifier_.SetKeys(source, *std::move(keys));
        return keys.status();
      }));
}

void Doors::WatchTokensFile(const std::string& path) {
  if (path.empty()) return;
  files_.push_back(std::make_unique<WatchedFile>(
      "tokens-file", path, [this](const std::string& contents) -> absl::Status {
        auto file = ParseTokensFile(contents);
        if (file.ok()) caller_door_->SetTokensFile(*std::move(file));
        return file.status();
      }));
}

absl::StatusOr<std::unique_ptr<Doors>> Doors::Open(const DoorOptions& options, const Clock& clock) {
  std::unique_ptr<Doors> doors(new Doors(options, clock));
  for (const auto& file : doors->files_) {
    const absl::Status status = file->Load();
    if (!status.ok()) return status;
  }
  return doors;
}

void Doors::Reload() {
  for (const auto& file : files_) file->Reload();
}

}  // namespace sluice
