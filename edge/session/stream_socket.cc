#include "edge/session/stream_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sluice {
namespace {

using Outcome = SocketResult::Outcome;

// What goes to TLS, or is taken from it, in one turn.
constexpr std::size_t kJoinedBytesMax = 16 * 1024;

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

SocketResult Receive(TcpSocket& socket, char* bytes, std::size_t bytes_max) {
  return FromReturnValue(recv(socket.native_handle(), bytes, bytes_max, MSG_DONTWAIT));
}

SocketResult StreamSocket::ReceiveAndDiscard() {
  char discarded[4096];
  SocketResult result = Receive(discarded, sizeof(discarded));
  if (tls_ == nullptr || result.bytes == 0) return result;
  // What TLS has decrypted already does not make the socket readable again.
  for (SocketResult more = result; more.bytes > 0;) {
    more = Receive(discarded, sizeof(discarded));
    result.bytes += more.bytes;
    if (more.outcome == Outcome::kBroken || result.bytes > kJoinedBytesMax) break;
  }
  return result;
}

SocketResult StreamSocket::SendJoined(const iovec* parts, int part_count) {
  char joined[kJoinedBytesMax];
  std::size_t size = 0;
  for (int i = 0; i < part_count && size < sizeof(joined); ++i) {
    const std::size_t taken = std::min(parts[i].iov_len, sizeof(joined) - size);
    std::memcpy(joined + size, parts[i].iov_base, taken);
    size += taken;
  }
  return tls_->Send({joined, size});
}

void StreamSocket::ShutdownSend() {
  if (tls_ != nullptr) tls_->CloseNotify();
  boost::system::error_code ignored;
  static_cast<void>(tcp_.shutdown(TcpSocket::shutdown_send, ignored));
}

void StreamSocket::Close() {
  boost::system::error_code ignored;
  static_cast<void>(tcp_.close(ignored));
}

}  // namespace sluice
