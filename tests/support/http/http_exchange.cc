#include "tests/support/http/http_exchange.h"

#include <absl/time/clock.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace sluice::tests {
namespace {

// True when the socket is ready for `events`; false when it is not by the deadline.
bool Await(int fd, short events, absl::Time deadline) {
  for (;;) {
    const auto left_ms =
        absl::ToInt64Milliseconds(absl::Ceil(deadline - absl::Now(), absl::Milliseconds(1)));
    pollfd waiting = {fd, events, 0};
    const int count = poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left_ms, 0)));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

}  // namespace

bool HttpExchange::Send(const std::string& bytes) {
  const absl::Time deadline = absl::Now() + kPatience;
  for (std::size_t sent = 0; sent < bytes.size();) {
    if (!Await(socket_.fd(), POLLOUT, deadline)) return false;
    const ssize_t count =
        send(socket_.fd(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  return true;
}

HttpAnswer HttpExchange::ReadToEnd(absl::Duration timeout) {
  return ReadUntil("", timeout);
}

HttpAnswer HttpExchange::ReadUntil(const std::string& part, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  HttpAnswer answer;
  while (part.empty() || received_.find(part) == std::string::npos) {
    if (!socket_.open() || !Await(socket_.fd(), POLLIN, deadline)) break;
    char buffer[65536];
    const ssize_t count = recv(socket_.fd(), buffer, sizeof(buffer), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    answer.closed = count <= 0;
    if (answer.closed) break;
    received_.append(buffer, static_cast<std::size_t>(count));
  }
  answer.raw = received_;
  answer.head = ParseHttpHead(received_);
  const std::size_t end = received_.find("\r\n\r\n");
  if (end != std::string::npos) answer.body = received_.substr(end + 4);
  return answer;
}

HttpAnswer Exchange(int port, const std::string& bytes, absl::Duration timeout) {
  HttpExchange exchange(port);
  exchange.Send(bytes);
  return exchange.ReadToEnd(timeout);
}

HttpAnswer ExchangeHead(int port, const std::string& bytes, absl::Duration timeout) {
  HttpExchange exchange(port);
  exchange.Send(bytes);
  return exchange.ReadUntil("\r\n\r\n", timeout);
}

}  // namespace sluice::tests
