#pragma once

#include <boost/asio/io_context.hpp>

#include <string>

#include "edge/session/stream_socket.h"
#include "tests/support/http/tcp_socket.h"

namespace sluice::tests {

// Both ends of a connection: `near` is the server's, `far` the browser's.
struct SocketPair {
  sluice::TcpSocket near;
  TcpSocket far;
};

// A connection over 127.0.0.1. `buffer_bytes`: SO_SNDBUF of the near end and SO_RCVBUF of the far
// one; 0: the system's.
SocketPair ConnectedPair(boost::asio::io_context& io_context, int buffer_bytes);

// A pair without the network, which is cheap enough for thousands; it can be used like the other,
// but has no addresses. `buffer_bytes`: SO_SNDBUF of the near end.
SocketPair LocalPair(boost::asio::io_context& io_context, int buffer_bytes);

// What the socket has to read now; `at_end` becomes true when the peer has closed.
std::string ReadAvailable(const TcpSocket& socket, bool& at_end);

}  // namespace sluice::tests
