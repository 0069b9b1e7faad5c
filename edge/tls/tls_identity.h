#pragma once

#include <absl/status/statusor.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "edge/base/mutex.h"

namespace sluice {

// What a server shows of itself: a certificate chain and its key, with the settings that streams
// need. TLS 1.2 and 1.3; ALPN offers http/1.1 alone, because that is all there is here.
// Owner:  shared; a connection keeps the one that it began with.
using TlsContext = std::shared_ptr<SSL_CTX>;

// Both in PEM. INVALID_ARGUMENT says what is wrong, and nothing of the key.
absl::StatusOr<TlsContext> MakeTlsContext(const std::string& certificate_chain,
                                          const std::string& key);

// Whether this holds certificates in PEM and nothing else. INVALID_ARGUMENT otherwise.
absl::Status CheckAuthorities(const std::string& certificates);

// The identity that new connections get; may be replaced while others go on.
// Owner:  the server; outlives the edge.
// Thread: any.
class TlsIdentity {
 public:
  TlsContext current() const {
    const MutexLock lock(mutex_);
    return context_;
  }

  void Replace(TlsContext context) {
    const MutexLock lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable Mutex mutex_;
  TlsContext context_ ABSL_GUARDED_BY(mutex_);  // Set before the edge starts.
};

}  // namespace sluice
