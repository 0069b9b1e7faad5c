#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/http/epoll_loop.h"
#include "tests/support/http/tcp_socket.h"
#include "tests/support/watched.h"
#include "tests/support/wire/event_stream_parser.h"
#include "tests/support/wire/http_head.h"

namespace sluice::tests {

// What to ask for and how to read the answer.
struct StreamRequest {
  std::string head;              // Sent as it is, empty line included.
  std::string source_address;    // 127.0.0.x to come from; empty: any.
  int receive_buffer_bytes = 0;  // SO_RCVBUF; 0: the system's.
  bool keep_events = true;       // Off for streams that only count.
  bool keep_raw_bytes = false;   // All that came, head included, in StreamLog::raw.
  // Called on the client's thread with each event, after the log has it.
  std::function<void(const ReceivedEvent&)> on_event;
};

// GET with Accept: text/event-stream. `target` is path and query; each header is "Name: value".
StreamRequest GetEvents(const std::string& target, const std::vector<std::string>& headers = {});

// What has happened to a stream so far.
struct StreamLog {
  enum class State { kConnecting, kConnected, kAnswered, kClosed };

  State state = State::kConnecting;
  HttpHead head;                      // From kAnswered on.
  std::string body;                   // Of an answer that is no event stream.
  std::vector<ReceivedEvent> events;  // Empty without keep_events.
  std::int64_t event_count = 0;
  std::int64_t comment_count = 0;
  std::int64_t received_bytes = 0;
  std::optional<std::int64_t> reconnection_time_ms;
  std::string raw;
  std::string close_reason;  // In kClosed: "end of stream", "closed by the test", or an error.

  // The first event of this name, or null.
  const ReceivedEvent* Find(const std::string& event) const;

  // A few lines for the text of a failure.
  std::string Describe() const;
};

// One stream of an EventStreamClient. It keeps its log when the client is gone.
// Thread: any thread.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(std::shared_ptr<EpollLoop> loop, StreamRequest request)
      : loop_(std::move(loop)), request_(std::move(request)) {}

  // True as soon as holds(const StreamLog&) does; false when it still does not after `timeout`.
  template <typename Predicate>
  bool WaitFor(Predicate holds, absl::Duration timeout = kPatience) const {
    return log_.WaitFor(holds, timeout);
  }
  // Waits for the first event of this name; nothing when it does not come or the stream ends.
  std::optional<ReceivedEvent> WaitForEvent(const std::string& event,
                                            absl::Duration timeout = kPatience) const;
  bool WaitForEventCount(std::int64_t count, absl::Duration timeout = kPatience) const;
  bool WaitForEnd(absl::Duration timeout = kPatience) const;

  StreamLog Log() const { return log_.Copy(); }
  template <typename Reader>
  auto Read(Reader read) const {
    return log_.Read(read);
  }

  // The order of these calls is kept; each returns before it has happened.
  void Send(std::string bytes);
  void PauseReading();  // The kernel's buffers fill; then the server can't write.
  void ResumeReading();
  void HalfClose();
  void Close();
  void Reset();

 private:
  friend class EventStreamClient;

  // All on the loop's thread.
  void Connect(int port);
  void OnReady(std::uint32_t events);
  bool FinishConnecting();
  void WritePending();
  void ReadOnce();
  void Take(const std::string& bytes);
  void TakeBody(const std::string& bytes);
  void End(const std::string& reason);
  void WatchSocket();
  void Post(std::function<void(EventStream&)> task);

  const std::shared_ptr<EpollLoop> loop_;
  const StreamRequest request_;
  Watched<StreamLog> log_;
  // Touched by the loop's thread alone.
  TcpSocket socket_;
  bool connecting_ = true;
  bool paused_ = false;
  bool half_close_wanted_ = false;
  std::string unsent_;
  std::string unparsed_head_;
  bool head_parsed_ = false;
  bool is_event_stream_ = false;
  EventStreamParser parser_;
};

// Opens event streams, thousands if need be, and reads them on one thread.
// Owner:  the test; its streams stop at its destruction and keep their logs.
// Thread: any thread.
// Limits: one file descriptor a stream; ~28,000 streams for each source address and port.
class EventStreamClient {
 public:
  EventStreamClient() : loop_(std::make_shared<EpollLoop>()) {}
  ~EventStreamClient() { loop_->Stop(); }
  EventStreamClient(const EventStreamClient&) = delete;
  EventStreamClient& operator=(const EventStreamClient&) = delete;

  // Begins to open a stream to 127.0.0.1:port and returns at once.
  std::shared_ptr<EventStream> Open(int port, StreamRequest request);

 private:
  const std::shared_ptr<EpollLoop> loop_;
};

}  // namespace sluice::tests
