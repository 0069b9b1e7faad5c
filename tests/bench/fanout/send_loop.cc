#include "tests/bench/fanout/send_loop.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>

#include "tests/bench/fanout/receiver.h"

namespace sluice::bench {
namespace {

class SendLoop {
 public:
  std::string Handle(const std::vector<std::string>& words) {
    if (words[0] == "listen") return Listen();
    if (words[0] == "accept") return Accept(std::atoi(words.at(1).c_str()));
    if (words[0] == "frame") {
      frame_ = absl::HexStringToBytes(words.at(1));
      return frame_.find(kTimestampMark) == std::string::npos ? "error no timestamp" : "ok";
    }
    if (words[0] == "run") {
      return Run(std::atoi(words.at(1).c_str()), std::atoi(words.at(2).c_str()));
    }
    return "error unknown command " + words[0];
  }

 private:
  std::string Listen() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return "error can't listen";
    }
    return absl::StrCat(ntohs(address.sin_port));
  }

  std::string Accept(int count) {
    for (int i = 0; i < count; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return absl::StrCat("error can't accept, errno ", errno);
      // The same options as Sluice's (edge/session/stream_socket.cc).
      SetOption(fd, TCP_NODELAY, 1);
      SetOption(fd, TCP_NOTSENT_LOWAT, 16 * 1024);
      SetOption(fd, TCP_USER_TIMEOUT, 30'000);
      char request[4096];
      if (recv(fd, request, sizeof(request), 0) <= 0) return "error a receiver has gone";
      SendWhole(fd,
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                "event: sluice.open\ndata: {}\n\n");
      connections_.push_back(fd);
    }
    return "ok";
  }

  static void SetOption(int fd, int option, int value) {
    setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value));
  }

  std::string Run(int events, int per_call) {
    waits_ = 0;
    for (int sent = 0; sent < events; sent += per_call) {
      const std::string now = absl::StrFormat("%019d", NowNanoseconds());
      std::string frame = frame_;
      frame.replace(frame.find(kTimestampMark) + sizeof(kTimestampMark) - 1, kTimestampDigits, now);
      std::string call;
      for (int i = 0; i < std::min(per_call, events - sent); ++i) call += frame;
      for (const int fd : connections_) SendWhole(fd, call);
    }
    return absl::StrCat(waits_);
  }

  void SendWhole(int fd, const std::string& bytes) {
    std::size_t sent = 0;
    while (true) {
      const ssize_t count =
          send(fd, bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count >= 0) sent += static_cast<std::size_t>(count);
      if (sent == bytes.size()) return;
      if (count < 0 && errno != EAGAIN) return;  // The receiver's count will show it.
      ++waits_;
      pollfd writable = {fd, POLLOUT, 0};
      poll(&writable, 1, 1000);
    }
  }

  int listener_ = -1;
  std::vector<int> connections_;
  std::string frame_;
  int waits_ = 0;
};

}  // namespace

Worker StartSendLoop() {
  return Worker([]() -> Worker::Handle {
    return [loop = std::make_shared<SendLoop>()](const std::vector<std::string>& words) {
      return loop->Handle(words);
    };
  });
}

}  // namespace sluice::bench
