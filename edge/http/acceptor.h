#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string>
#include <vector>

#include "edge/session/stream_socket.h"

namespace sluice {

// Reads ADDRESS:PORT with a numeric IPv4 or [IPv6] address. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<boost::asio::ip::tcp::endpoint> ParseEndpoint(const std::string& text);

// A listening socket on some shard's thread.
// Thread: the thread of `io_context`.
// Limits: when the process is out of file descriptors it rests for 100 ms; connections wait in the
//         kernel's backlog meanwhile.
class Acceptor {
 public:
  using Socket = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                    boost::asio::io_context::executor_type>;

  // `on_accept` returns whether to go on; if not, connections wait in the kernel until Resume.
  Acceptor(boost::asio::io_context& io_context, absl::AnyInvocable<bool(TcpSocket)> on_accept);

  // Binds with SO_REUSEPORT, so that each shard can listen on the same port.
  absl::Status Listen(const boost::asio::ip::tcp::endpoint& endpoint);
  void Start();
  void Stop();

  // Goes on after `on_accept` has returned false.
  void Resume();

 private:
  void Accept();

  Socket socket_;
  boost::asio::steady_timer rest_;
  absl::AnyInvocable<bool(TcpSocket)> on_accept_;
  bool is_paused_ = false;
};

// Binds to `endpoint` for a moment without SO_REUSEPORT and returns it with its port: with that
// option alone, a second server on the same port would share the connections instead of failing.
// UNAVAILABLE: the port is taken; other codes: the address is not ours or not allowed.
absl::StatusOr<boost::asio::ip::tcp::endpoint> ProbePort(
    const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace sluice
