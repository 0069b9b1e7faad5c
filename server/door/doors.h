#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <vector>

#include "control/caller/caller_door.h"
#include "edge/base/clock.h"
#include "edge/door/fetch/fetch_thread.h"
#include "edge/door/fetch/jwks_source.h"
#include "edge/door/jwt/token_verifier.h"
#include "edge/edge_guards.h"
#include "server/door/door_options.h"
#include "server/door/watched_files.h"

namespace sluice {

// Everything that decides who gets in, with the files behind it.
// Owner:  the replica; outlives the edge and the gRPC server.
// Thread: any for what it hands out; Reload from one thread at a time.
class Doors {
 public:
  // Reads all files. Errors: INVALID_ARGUMENT, which names flag and file.
  static absl::StatusOr<std::unique_ptr<Doors>> Open(const DoorOptions& options,
                                                     const Clock& clock);
  ~Doors();

  // What stands before the streams.
  EdgeGuards streams() {
    return {stream_door_.get(), stream_tls_.has_value() ? &*stream_tls_ : nullptr};
  }

  // Null: everybody may call.
  const CallerDoor* callers() const { return caller_door_.has_value() ? &*caller_door_ : nullptr; }

  // Whether the keys of --jwks-url are there; none without one.
  std::optional<JwksSource::Health> key_health() const;

  // Ends what is under way with other servers; nothing is answered after it.
  void Stop();

  // Reads the files that have changed.
  void Reload();

 private:
  Doors(const DoorOptions& options, const Clock& clock);

  void OpenStreams(const DoorOptions& options, const Clock& clock);
  void WatchKeyFile(const char* flag, const std::string& path, TokenVerifier::KeySource source,
                    absl::StatusOr<JwtKeys> (*read)(std::string_view));

  void WatchTokensFile(const std::string& path);
  void WatchCertificates(const DoorOptions& options);
  void Watch(std::vector<NamedFile> files,
             absl::AnyInvocable<absl::Status(const WatchedFiles::Contents&)> apply);

  TokenVerifier verifier_;
  std::unique_ptr<FetchThread> fetch_thread_;  // Outlives what runs on it. Null: nothing does.
  std::unique_ptr<JwksSource> jwks_source_;
  std::unique_ptr<StreamDoor> stream_door_;
  std::optional<CallerDoor> caller_door_;
  std::optional<TlsIdentity> stream_tls_;
  std::vector<std::unique_ptr<WatchedFiles>> files_;
};

}  // namespace sluice
