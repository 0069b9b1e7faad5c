#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/uio.h>

#include <cstddef>
#include <string_view>

namespace sluice {

// The concrete executor instead of Asio's type-erased default saves 40 bytes a socket.
using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// What the kernel made of a non-blocking send or receive.
struct SocketResult {
  enum class Outcome { kDone, kWouldBlock, kBroken };
  Outcome outcome;
  std::size_t bytes;  // Transferred; less than asked for in kDone is possible.
};

// The options that make policies act where we can see them: TCP_NODELAY (an event goes out at
// once), TCP_NOTSENT_LOWAT 16 KiB (without it the kernel takes up to 4 MB for a reader that has
// stopped), TCP_USER_TIMEOUT (a peer that vanished without a FIN is noticed).
void SetStreamOptions(TcpSocket& socket);

// Non-blocking; never raises SIGPIPE.
SocketResult Send(TcpSocket& socket, std::string_view bytes);
SocketResult SendParts(TcpSocket& socket, const iovec* parts, int part_count);

// Reads and throws away what the peer sent after its request. kDone with 0 bytes: the peer has
// closed.
SocketResult ReceiveAndDiscard(TcpSocket& socket);

}  // namespace sluice
