#pragma once

#include <string>

namespace sluice::tests {

// A TCP socket that closes itself. Not blocking.
// Owner: movable, one owner.
class TcpSocket {
 public:
  TcpSocket() = default;
  explicit TcpSocket(int fd) : fd_(fd) {}
  ~TcpSocket() { Close(); }
  TcpSocket(TcpSocket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  TcpSocket& operator=(TcpSocket&& other) noexcept;

  // Begins to connect to 127.0.0.1:port; the socket is writable when it is connected.
  // `source_address`: an address of ours to come from, such as 127.0.0.7; empty: any.
  // `receive_buffer_bytes`: SO_RCVBUF, which must be set before connecting; 0: the system's.
  // Errors: the socket is not open() and errno says why.
  static TcpSocket Connect(int port, const std::string& source_address = "",
                           int receive_buffer_bytes = 0);

  // Listens on a free port of 127.0.0.1.
  static TcpSocket Listen();

  // Takes a connection that waits, blocking until there is one.
  TcpSocket Accept() const;

  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  int LocalPort() const;

  void Close();
  void HalfClose();  // No more bytes from us: the peer sees the end of the stream.
  void Reset();      // Closes with RST instead of FIN.

 private:
  int fd_ = -1;
};

}  // namespace sluice::tests
