#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "edge/session/socket_result.h"
#include "edge/tls/tls_identity.h"

namespace sluice {

// TLS over a non-blocking socket that somebody else owns. OpenSSL alone, without Asio's stream:
// that keeps two buffers of 17 KB for each connection, this none while it is idle.
// Owner:  the connection, which keeps the descriptor open as long.
// Thread: one at a time.
// Limits: a record holds 4 KiB; at most one waits here for the kernel, the rest with the caller.
class TlsLayer {
 public:
  TlsLayer(const TlsContext& context, int fd);

  // Goes on with the handshake; kDone: it is over. After kWouldBlock wants_write() says what the
  // socket must become.
  SocketResult Negotiate();
  bool wants_write() const;

  // Takes bytes to send. Those counted in the result are this layer's to deliver, even if the
  // kernel does not take them now: then has_unsent() holds, and Flush goes on when the socket is
  // writable.
  SocketResult Send(std::string_view bytes);
  SocketResult Flush();
  bool has_unsent() const { return !unsent_.empty(); }

  // As recv: kDone with 0 bytes means that the peer has closed.
  SocketResult Receive(char* bytes, std::size_t bytes_max);

  // Tells the peer that nothing more follows, as far as the kernel takes it now.
  void CloseNotify();

 private:
  struct Release {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  SocketResult ResultOf(int value, std::size_t bytes);

  std::unique_ptr<SSL, Release> ssl_;
  // The plaintext of the record that the kernel has not taken whole. OpenSSL holds its encrypted
  // form and wants to be given the same again.
  std::string unsent_;
};

}  // namespace sluice
