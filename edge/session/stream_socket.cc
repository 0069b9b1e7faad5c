#include "edge/session/stream_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace sluice {
namespace {

using Outcome = SocketResult::Outcome;

void SetTcpOption(TcpSocket& socket, int option, int value) {
  // A kernel that does not know an option serves streams all the same, only with a later notice.
  static_cast<void>(setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof(value)));
}

SocketResult FromReturnValue(ssize_t value) {
  if (value >= 0) return {Outcome::kDone, static_cast<std::size_t>(value)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Outcome::kWouldBlock, 0};
  return {Outcome::kBroken, 0};
}

}  // namespace

void SetStreamOptions(TcpSocket& socket) {
  constexpr int kNotSentBytesMax = 16 * 1024;
  constexpr int kUserTimeoutMs = 30'000;
  SetTcpOption(socket, TCP_NODELAY, 1);
  SetTcpOption(socket, TCP_NOTSENT_LOWAT, kNotSentBytesMax);
  SetTcpOption(socket, TCP_USER_TIMEOUT, kUserTimeoutMs);
}

SocketResult Send(TcpSocket& socket, std::string_view bytes) {
  return FromReturnValue(
      send(socket.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

SocketResult SendParts(TcpSocket& socket, const iovec* parts, int part_count) {
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(part_count);
  return FromReturnValue(sendmsg(socket.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

SocketResult ReceiveAndDiscard(TcpSocket& socket) {
  char discarded[4096];
  return FromReturnValue(recv(socket.native_handle(), discarded, sizeof(discarded), MSG_DONTWAIT));
}

}  // namespace sluice
