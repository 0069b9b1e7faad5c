#include "tests/support/stream/socket_pair.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "edge/base/check.h"

namespace sluice::tests {
namespace {

sluice::TcpSocket Adopt(boost::asio::io_context& io_context, int fd, int buffer_bytes) {
  if (buffer_bytes > 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes));
  }
  sluice::TcpSocket adopted(io_context);
  adopted.assign(boost::asio::ip::tcp::v4(), fd);
  adopted.non_blocking(true);
  return adopted;
}

}  // namespace

SocketPair ConnectedPair(boost::asio::io_context& io_context, int buffer_bytes) {
  const TcpSocket listener = TcpSocket::Listen();
  TcpSocket far = TcpSocket::Connect(listener.LocalPort(), "", buffer_bytes);
  const TcpSocket accepted = listener.Accept();
  SLUICE_CHECK(accepted.open());
  return {Adopt(io_context, dup(accepted.fd()), buffer_bytes), std::move(far)};
}

SocketPair LocalPair(boost::asio::io_context& io_context, int buffer_bytes) {
  int fds[2] = {-1, -1};
  const int flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  SLUICE_CHECK(socketpair(AF_UNIX, flags, 0, fds) == 0);
  return {Adopt(io_context, fds[0], buffer_bytes), TcpSocket(fds[1])};
}

std::string ReadAvailable(const TcpSocket& socket, bool& at_end) {
  std::string bytes;
  char part[16 * 1024];
  while (true) {
    const ssize_t count = recv(socket.fd(), part, sizeof(part), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) at_end = true;
    if (count <= 0) return bytes;
    bytes.append(part, static_cast<std::size_t>(count));
  }
}

}  // namespace sluice::tests
