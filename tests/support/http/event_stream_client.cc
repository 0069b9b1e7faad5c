#include "tests/support/http/event_stream_client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sluice::tests {

StreamRequest GetEvents(const std::string& target, const std::vector<std::string>& headers) {
  StreamRequest request;
  request.head = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n";
  for (const std::string& header : headers) request.head.append(header).append("\r\n");
  request.head += "\r\n";
  return request;
}

const ReceivedEvent* StreamLog::Find(const std::string& event) const {
  for (const ReceivedEvent& received : events) {
    if (received.event == event) return &received;
  }
  return nullptr;
}

std::string StreamLog::Describe() const {
  static const char* const kStates[] = {"connecting", "connected", "answered", "closed"};
  std::string text = std::string("stream: ") + kStates[static_cast<int>(state)] + ", status " +
                     std::to_string(head.status) + ", " + std::to_string(event_count) +
                     " events, " + std::to_string(received_bytes) + " bytes";
  if (!close_reason.empty()) text += ", " + close_reason;
  for (std::size_t i = 0; i < events.size() && i < 20; ++i) {
    text += "\n  " + events[i].event + " id=" + events[i].id.value_or("(none)") + " " +
            events[i].data.substr(0, 200);
  }
  if (!body.empty()) text += "\n  body: " + body.substr(0, 500);
  return text + "\n";
}

std::optional<ReceivedEvent> EventStream::WaitForEvent(const std::string& event,
                                                       absl::Duration timeout) const {
  std::optional<ReceivedEvent> received;
  log_.WaitFor(
      [&](const StreamLog& log) {
        if (const ReceivedEvent* found = log.Find(event)) received = *found;
        return received.has_value() || log.state == StreamLog::State::kClosed;
      },
      timeout);
  return received;
}

bool EventStream::WaitForEventCount(std::int64_t count, absl::Duration timeout) const {
  return log_.WaitFor([count](const StreamLog& log) { return log.event_count >= count; }, timeout);
}

bool EventStream::WaitForEnd(absl::Duration timeout) const {
  return log_.WaitFor([](const StreamLog& log) { return log.state == StreamLog::State::kClosed; },
                      timeout);
}

void EventStream::Send(std::string bytes) {
  Post([bytes = std::move(bytes)](EventStream& self) {
    self.unsent_ += bytes;
    if (!self.connecting_) self.WritePending();
  });
}

void EventStream::PauseReading() {
  Post([](EventStream& self) {
    self.paused_ = true;
    self.WatchSocket();
  });
}

void EventStream::ResumeReading() {
  Post([](EventStream& self) {
    self.paused_ = false;
    self.WatchSocket();
  });
}

void EventStream::HalfClose() {
  Post([](EventStream& self) {
    self.half_close_wanted_ = true;
    if (!self.connecting_) self.WritePending();
  });
}

void EventStream::Close() {
  Post([](EventStream& self) { self.End("closed by the test"); });
}

void EventStream::Reset() {
  Post([](EventStream& self) {
    const int fd = self.socket_.fd();
    if (fd >= 0) self.loop_->Unwatch(fd);
    self.socket_.Reset();
    self.End("closed by the test");
  });
}

void EventStream::Post(std::function<void(EventStream&)> task) {
  loop_->Post([self = shared_from_this(), task = std::move(task)] { task(*self); });
}

void EventStream::Connect(int port) {
  socket_ = TcpSocket::Connect(port, request_.source_address, request_.receive_buffer_bytes);
  if (!socket_.open()) return End(strerror(errno));
  unsent_ = request_.head + unsent_;
  WatchSocket();
}

void EventStream::WatchSocket() {
  if (!socket_.open()) return;
  std::uint32_t events = paused_ ? 0U : static_cast<std::uint32_t>(EPOLLIN);
  if (connecting_ || !unsent_.empty()) events |= static_cast<std::uint32_t>(EPOLLOUT);
  // Errors are reported even of a socket that nothing is asked of, and again each round.
  if (events == 0) return loop_->Unwatch(socket_.fd());
  loop_->Watch(socket_.fd(), events,
               [self = shared_from_this()](std::uint32_t ready) { self->OnReady(ready); });
}

void EventStream::OnReady(std::uint32_t events) {
  if (connecting_ && !FinishConnecting()) return;
  if ((events & EPOLLOUT) != 0) WritePending();
  if (socket_.open() && !paused_ && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    ReadOnce();
  }
}

bool EventStream::FinishConnecting() {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    End(strerror(error));
    return false;
  }
  connecting_ = false;
  log_.Update([](StreamLog& log) { log.state = StreamLog::State::kConnected; });
  return true;
}

void EventStream::WritePending() {
  while (socket_.open() && !unsent_.empty()) {
    const ssize_t count = send(socket_.fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    // A peer that refuses more may still have said why: what it sent is read until it ends.
    if (count < 0 && errno != EAGAIN) unsent_.clear();
    if (count <= 0) break;
    unsent_.erase(0, static_cast<std::size_t>(count));
  }
  if (unsent_.empty() && half_close_wanted_ && socket_.open()) socket_.HalfClose();
  WatchSocket();
}

void EventStream::ReadOnce() {
  char buffer[65536];
  const ssize_t count = recv(socket_.fd(), buffer, sizeof(buffer), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return End(strerror(errno));
  if (count == 0) return End("end of stream");
  Take(std::string(buffer, static_cast<std::size_t>(count)));
}

void EventStream::Take(const std::string& bytes) {
  log_.Update([&](StreamLog& log) {
    log.received_bytes += static_cast<std::int64_t>(bytes.size());
    if (request_.keep_raw_bytes) log.raw += bytes;
  });
  if (head_parsed_) return TakeBody(bytes);
  unparsed_head_ += bytes;
  const std::size_t end = unparsed_head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  head_parsed_ = true;
  const HttpHead head = ParseHttpHead(unparsed_head_);
  is_event_stream_ =
      head.status == 200 && head.Field("content-type").rfind("text/event-stream", 0) == 0;
  log_.Update([&](StreamLog& log) {
    log.state = StreamLog::State::kAnswered;
    log.head = head;
  });
  const std::string body = unparsed_head_.substr(end + 4);
  unparsed_head_.clear();
  if (!body.empty()) TakeBody(body);
}

void EventStream::TakeBody(const std::string& bytes) {
  if (!is_event_stream_) {
    log_.Update([&](StreamLog& log) { log.body += bytes; });
    return;
  }
  const std::vector<ReceivedEvent> events = parser_.Feed(bytes);
  log_.Update([&](StreamLog& log) {
    log.event_count += static_cast<std::int64_t>(events.size());
    log.comment_count = parser_.comment_count();
    log.reconnection_time_ms = parser_.reconnection_time_ms();
    if (request_.keep_events) log.events.insert(log.events.end(), events.begin(), events.end());
  });
  if (!request_.on_event) return;
  for (const ReceivedEvent& event : events) request_.on_event(event);
}

void EventStream::End(const std::string& reason) {
  if (socket_.open()) loop_->Unwatch(socket_.fd());
  socket_.Close();
  log_.Update([&](StreamLog& log) {
    if (log.state != StreamLog::State::kClosed) log.close_reason = reason;
    log.state = StreamLog::State::kClosed;
  });
}

std::shared_ptr<EventStream> EventStreamClient::Open(int port, StreamRequest request) {
  auto stream = std::make_shared<EventStream>(loop_, std::move(request));
  stream->Post([port](EventStream& self) { self.Connect(port); });
  return stream;
}

}  // namespace sluice::tests
