// clients/cli/tail/event_source.h
#pragma once

#include <absl/time/time.h>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/exit_code.h"
#include "clients/cli/tail/event_stream_parser.h"
#include "clients/cli/tail/target.h"

namespace sluice::cli {

struct EventSourceOptions {
  TailTarget target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string last_event_id;
  bool reconnects = true;
  absl::Duration timeout = absl::Seconds(10);  // To the head of the answer; silence later is fine.
  absl::Time open_until = absl::InfiniteFuture();  // A stream still open then is given up.
};

// Follows an event stream as a browser's EventSource does (WHATWG HTML, "Server-sent events"): it
// comes back after a lost connection with the last event ID, and ends for good at an answer that is
// no event stream. Unlike it, it gives up when it has never been connected.
// Owner:  the command.
// Thread: Run blocks the caller's thread and calls the handlers on it. Stop: any thread.
// Limits: those of EventStreamParser; a head of 64 KiB.
class EventSource {
 public:
  // False ends the run.
  using EventHandler = std::function<bool(const StreamEvent&)>;
  // What a person may like to know: the connection was lost and will be made again.
  using NoticeHandler = std::function<void(const std::string&)>;

  struct Result {
    ExitCode exit_code = ExitCode::kDone;
    std::string message;       // Visible; empty where there is nothing to say.
    int http_status = 0;       // Of the last answer; 0 where none came.
    bool has_expired = false;  // Ended by open_until.
  };

  EventSource(EventSourceOptions options, EventHandler on_event, NoticeHandler on_notice);

  // Until the stream ends for good, a handler wants no more, Stop, or SIGINT or SIGTERM comes. May
  // be called once.
  Result Run();

  // Run returns kDone soon, without a message; at once where it has not begun.
  void Stop();

 private:
  EventSourceOptions options_;
  EventHandler on_event_;
  NoticeHandler on_notice_;
  boost::asio::io_context io_{1};  // Destroyed first: a stopped coroutine refers to the rest.
};

}  // namespace sluice::cli
