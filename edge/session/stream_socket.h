#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/uio.h>

#include <memory>
#include <string_view>
#include <utility>

#include "edge/session/socket_result.h"
#include "edge/tls/tls_layer.h"

namespace sluice {

// The concrete executor instead of Asio's type-erased default saves 40 bytes a socket.
using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The options that make policies act where we can see them: TCP_NODELAY (an event goes out at
// once), TCP_NOTSENT_LOWAT 16 KiB (without it the kernel takes up to 4 MB for a reader that has
// stopped), TCP_USER_TIMEOUT (a peer that vanished without a FIN is noticed).
void SetStreamOptions(TcpSocket& socket);

// Non-blocking; never raises SIGPIPE.
SocketResult Send(TcpSocket& socket, std::string_view bytes);
SocketResult SendParts(TcpSocket& socket, const iovec* parts, int part_count);

// kDone with 0 bytes: the peer has closed.
SocketResult Receive(TcpSocket& socket, char* bytes, std::size_t bytes_max);

// A browser's connection, with TLS or without; without, everything goes straight to the socket.
// Owner:  the handshake, then the session.
// Thread: the shard's.
class StreamSocket {
 public:
  // `tls` null: without. Implicit, because a plain connection is a whole one.
  StreamSocket(TcpSocket tcp, std::unique_ptr<TlsLayer> tls = nullptr)
      : tcp_(std::move(tcp)), tls_(std::move(tls)) {}

  // For waiting, options and addresses.
  TcpSocket& tcp() { return tcp_; }

  // The TLS handshake; without TLS it is over at once.
  SocketResult Negotiate() {
    return tls_ == nullptr ? SocketResult{SocketResult::Outcome::kDone, 0} : tls_->Negotiate();
  }
  bool wants_write() const { return tls_ != nullptr && tls_->wants_write(); }

  SocketResult Send(std::string_view bytes) {
    return tls_ == nullptr ? sluice::Send(tcp_, bytes) : tls_->Send(bytes);
  }
  SocketResult SendParts(const iovec* parts, int part_count) {
    return tls_ == nullptr ? sluice::SendParts(tcp_, parts, part_count)
                           : SendJoined(parts, part_count);
  }

  // Bytes that Send has counted still wait here for the kernel; Flush when it is writable.
  bool has_unsent() const { return tls_ != nullptr && tls_->has_unsent(); }
  SocketResult Flush() {
    return has_unsent() ? tls_->Flush() : SocketResult{SocketResult::Outcome::kDone, 0};
  }

  SocketResult Receive(char* bytes, std::size_t bytes_max) {
    return tls_ == nullptr ? sluice::Receive(tcp_, bytes, bytes_max)
                           : tls_->Receive(bytes, bytes_max);
  }

  // Reads and throws away what the peer sent after its request. kDone with 0 bytes: the peer has
  // closed.
  SocketResult ReceiveAndDiscard();

  // The peer sees the end once it has read what was sent.
  void ShutdownSend();

  void Close();

 private:
  SocketResult SendJoined(const iovec* parts, int part_count);

  TcpSocket tcp_;
  std::unique_ptr<TlsLayer> tls_;
};

}  // namespace sluice
