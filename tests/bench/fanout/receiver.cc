#include "tests/bench/fanout/receiver.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/measure/latency_histogram.h"

namespace sluice::bench {
namespace {

struct Stream {
  int fd = -1;
  int set = 0;
  bool has_begun = false;
  std::uint64_t events = 0;
  std::string partial;  // An event that has not come whole.
};

struct Set {
  std::vector<std::unique_ptr<Stream>> streams;
  LatencyHistogram latency;
  std::uint64_t total = 0;
  std::uint64_t begun = 0;
  std::string begin_mark;
};

class Receiver {
 public:
  std::string Handle(const std::vector<std::string>& words) {
    Set& set = sets_[std::atoi(words.at(1).c_str())];
    if (words[0] == "connect") return Connect(set, words);
    if (words[0] == "reset") return Reset(set);
    if (words[0] == "await") return Await(set, words);
    return "error unknown command " + words[0];
  }

 private:
  static constexpr int kEventsPerWait = 1024;

  std::string Connect(Set& set, const std::vector<std::string>& words) {
    const int count = std::atoi(words.at(3).c_str());
    set.begin_mark = words.at(5);
    for (int i = 0; i < count; ++i) {
      auto stream = std::make_unique<Stream>();
      stream->set = std::atoi(words.at(1).c_str());
      const std::string name = absl::StrCat("c", words.at(4), "-", i);
      const std::string error = Open(*stream, words.at(2), words.at(4), name);
      if (!error.empty()) return "error " + error;
      set.streams.push_back(std::move(stream));
      if (i % 64 == 0) Poll(0);  // The server answers meanwhile.
    }
    const std::int64_t deadline = NowNanoseconds() + 60'000'000'000;
    while (set.begun < set.streams.size()) {
      if (NowNanoseconds() > deadline) return "error some streams did not begin in 60 s";
      Poll(100);
    }
    return "ok";
  }

  std::string Open(Stream& stream, const std::string& port, const std::string& source,
                   const std::string& client_id) {
    stream.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (stream.fd < 0) return absl::StrCat("no socket, errno ", errno);
    const int yes = 1;
    setsockopt(stream.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
    sockaddr_in local = {};
    local.sin_family = AF_INET;
    inet_pton(AF_INET, source.c_str(), &local.sin_addr);
    if (bind(stream.fd, reinterpret_cast<sockaddr*>(&local), sizeof(local)) != 0) {
      return absl::StrCat("can't bind to ", source);
    }
    sockaddr_in peer = {};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(stream.fd, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)) != 0) {
      return absl::StrCat("can't connect, errno ", errno);
    }
    const std::string head = absl::StrCat("GET /events?client_id=", client_id,
                                          "&group=bench HTTP/1.1\r\nHost: localhost\r\n"
                                          "Accept: text/event-stream\r\n\r\n");
    if (send(stream.fd, head.data(), head.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(head.size())) {
      return "can't send a request";
    }
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = &stream;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, stream.fd, &event);
    return "";
  }

  std::string Reset(Set& set) {
    while (Poll(0) > 0) {
    }
    for (const auto& stream : set.streams) stream->events = 0;
    set.latency = LatencyHistogram();
    set.total = 0;
    return "ok";
  }

  std::string Await(Set& set, const std::vector<std::string>& words) {
    std::uint64_t events = 0;
    std::int64_t timeout_ms = 0;
    if (!absl::SimpleAtoi(words.at(2), &events) || !absl::SimpleAtoi(words.at(3), &timeout_ms)) {
      return "error bad number";
    }
    const std::int64_t deadline = NowNanoseconds() + timeout_ms * 1'000'000;
    while (set.total < events * set.streams.size() && NowNanoseconds() < deadline) Poll(100);
    std::uint64_t fewest = ~std::uint64_t{0};
    std::uint64_t most = 0;
    for (const auto& stream : set.streams) {
      fewest = std::min(fewest, stream->events);
      most = std::max(most, stream->events);
    }
    return absl::StrCat(set.total, " ", fewest, " ", most, " ", set.latency.Serialize());
  }

  int Poll(int timeout_ms) {
    epoll_event events[kEventsPerWait];
    const int count = epoll_wait(epoll_, events, kEventsPerWait, timeout_ms);
    for (int i = 0; i < count; ++i) Read(*static_cast<Stream*>(events[i].data.ptr));
    return count;
  }

  void Read(Stream& stream) {
    const ssize_t count = recv(stream.fd, buffer_, sizeof(buffer_), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      epoll_ctl(epoll_, EPOLL_CTL_DEL, stream.fd, nullptr);
      return;
    }
    Set& set = sets_[stream.set];
    const std::int64_t now = NowNanoseconds();
    std::string_view bytes(buffer_, static_cast<std::size_t>(count));
    if (!stream.partial.empty()) {
      stream.partial.append(bytes);
      bytes = stream.partial;
    }
    if (!stream.has_begun && bytes.find(set.begin_mark) != std::string_view::npos) {
      stream.has_begun = true;
      ++set.begun;
    }
    std::size_t begin = 0;
    std::size_t end = 0;
    while ((end = bytes.find("\n\n", begin)) != std::string_view::npos) {
      Count(stream, set, bytes.substr(begin, end - begin), now);
      begin = end + 2;
    }
    stream.partial = std::string(bytes.substr(begin));
  }

  void Count(Stream& stream, Set& set, std::string_view event, std::int64_t now) {
    const std::size_t mark = event.find(kTimestampMark);
    if (mark == std::string_view::npos) return;
    std::int64_t published = 0;
    const std::string_view digits =
        event.substr(mark + sizeof(kTimestampMark) - 1, kTimestampDigits);
    if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &published)) return;
    ++stream.events;
    ++set.total;
    set.latency.Add(now - published);
  }

  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::map<int, Set> sets_;
  char buffer_[256 * 1024];
};

}  // namespace

Worker StartReceiver() {
  return Worker([]() -> Worker::Handle {
    return [receiver = std::make_shared<Receiver>()](const std::vector<std::string>& words) {
      return receiver->Handle(words);
    };
  });
}

}  // namespace sluice::bench
