#include "tests/support/http/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace sluice::tests {
namespace {

sockaddr_in Address(const std::string& host, int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

const sockaddr* Generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

TcpSocket NewSocket() {
  return TcpSocket(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

TcpSocket& TcpSocket::operator=(TcpSocket&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

TcpSocket TcpSocket::Connect(int port, const std::string& source_address,
                             int receive_buffer_bytes) {
  TcpSocket connection = NewSocket();
  const int yes = 1;
  setsockopt(connection.fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  if (receive_buffer_bytes > 0) {
    setsockopt(connection.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
               sizeof(receive_buffer_bytes));
  }
  if (!source_address.empty()) {
    // The port is chosen at connect, so that one address serves as many targets as there are.
    setsockopt(connection.fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
    const sockaddr_in source = Address(source_address, 0);
    if (bind(connection.fd(), Generic(source), sizeof(source)) != 0) return {};
  }
  const sockaddr_in target = Address("127.0.0.1", port);
  if (connect(connection.fd(), Generic(target), sizeof(target)) != 0 && errno != EINPROGRESS) {
    return {};
  }
  return connection;
}

TcpSocket TcpSocket::Listen() {
  TcpSocket listener = NewSocket();
  const sockaddr_in address = Address("127.0.0.1", 0);
  if (bind(listener.fd(), Generic(address), sizeof(address)) != 0) return {};
  if (listen(listener.fd(), SOMAXCONN) != 0) return {};
  return listener;
}

TcpSocket TcpSocket::Accept() const {
  pollfd waiting = {fd_, POLLIN, 0};
  while (poll(&waiting, 1, -1) < 0 && errno == EINTR) {
  }
  return TcpSocket(accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int TcpSocket::LocalPort() const {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin_port);
}

void TcpSocket::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void TcpSocket::HalfClose() {
  shutdown(fd_, SHUT_WR);
}

void TcpSocket::Reset() {
  const linger at_once = {1, 0};
  if (fd_ >= 0) setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  Close();
}

}  // namespace sluice::tests
