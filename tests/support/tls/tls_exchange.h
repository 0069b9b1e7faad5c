#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "tests/support/http/tcp_socket.h"
#include "tests/support/watched.h"

namespace sluice::tests {

// How a client comes.
struct TlsClientOptions {
  std::string authority_pem;  // Whom it trusts.
  int version_max = 0;        // Such as TLS1_2_VERSION; 0: the newest.
  std::string protocols;      // ALPN in wire form, such as "\x08http/1.1"; empty: none.
  int receive_buffer_bytes = 0;
};

// One connection with TLS to 127.0.0.1, which calls itself `localhost`.
// Thread: one thread.
class TlsExchange {
 public:
  explicit TlsExchange(int port, const TlsClientOptions& options);

  // False when the handshake failed, or the certificate is not of somebody trusted.
  bool is_connected() const { return is_connected_; }
  std::string protocol() const;  // That ALPN chose.
  std::string version() const { return SSL_get_version(ssl_.get()); }

  bool Send(const std::string& bytes);

  // What came, in all, until `part` was in it, the server closed the connection, or `timeout` was
  // over.
  const std::string& ReadUntil(const std::string& part, absl::Duration timeout = kPatience);

  // Reads to the end. True when the server said so by close_notify before it closed.
  bool ReadToCloseNotify(absl::Duration timeout = kPatience);

 private:
  // False at the end, or when the deadline has passed.
  bool ReadSome(absl::Time deadline);
  bool WaitFor(short events, absl::Time deadline) const;

  TcpSocket socket_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  bool is_connected_ = false;
  bool has_close_notify_ = false;
  std::string received_;
};

}  // namespace sluice::tests
