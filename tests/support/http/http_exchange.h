#pragma once

#include <absl/time/time.h>

#include <string>

#include "tests/support/http/tcp_socket.h"
#include "tests/support/watched.h"
#include "tests/support/wire/http_head.h"

namespace sluice::tests {

// All that a server sent on a connection.
struct HttpAnswer {
  HttpHead head;        // Status 0 when no whole head came.
  std::string body;     // What follows the head.
  std::string raw;      // Both.
  bool closed = false;  // The server ended the connection, by FIN or RST.
};

// One connection over which a test sends exactly the bytes it wants to.
// Thread: one thread.
class HttpExchange {
 public:
  explicit HttpExchange(int port) : socket_(TcpSocket::Connect(port)) {}

  // False when the bytes could not be sent within kPatience; what was sent before is sent.
  bool Send(const std::string& bytes);

  void HalfClose() { socket_.HalfClose(); }

  // What came until the server closed the connection or `timeout` was over.
  HttpAnswer ReadToEnd(absl::Duration timeout = kPatience);

  // What came until `part` was in it, the server closed the connection, or `timeout` was over.
  HttpAnswer ReadUntil(const std::string& part, absl::Duration timeout = kPatience);

 private:
  TcpSocket socket_;
  std::string received_;
};

// What 127.0.0.1:port answers to the bytes until it closes the connection.
HttpAnswer Exchange(int port, const std::string& bytes, absl::Duration timeout = kPatience);

// The same up to the end of the head: for event streams, which do not end.
HttpAnswer ExchangeHead(int port, const std::string& bytes, absl::Duration timeout = kPatience);

}  // namespace sluice::tests
