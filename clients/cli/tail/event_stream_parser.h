// clients/cli/tail/event_stream_parser.h
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct StreamEvent {
  std::string event;  // "message" where the stream named none.
  std::string id;     // The last event ID at this event.
  std::string data;
};

// Turns the bytes of one event stream into events, however they are split over reads (WHATWG HTML,
// "Parsing an event stream" and "Interpreting an event stream"). At the end of the stream it is
// thrown away, and with it an event that has no empty line after it.
// Thread: one thread.
// Limits: a line kLineSizeBytesMax, an event's data kDataSizeBytesMax; more is an error, and the
//         parser is of no use after it.
class EventStreamParser {
 public:
  static constexpr std::size_t kLineSizeBytesMax = 1 << 20;
  static constexpr std::size_t kDataSizeBytesMax = 16 << 20;

  // A browser goes on with the last event ID when it reconnects, although the text of the standard
  // begins each stream with an empty one: a stream without ids would make it forget its place.
  explicit EventStreamParser(std::string last_event_id);

  // Appends the events that the bytes complete.
  // Errors: RESOURCE_EXHAUSTED over a limit.
  absl::Status Feed(std::string_view bytes, std::vector<StreamEvent>& events);

  // As of the last empty line: what a reconnect sends as Last-Event-ID.
  const std::string& last_event_id() const { return last_event_id_; }

  // What the stream has asked for, if it has.
  std::optional<absl::Duration> reconnection_time() const { return reconnection_time_; }

 private:
  std::size_t SkipByteOrderMark(std::string_view bytes);
  absl::Status EndLine(std::vector<StreamEvent>& events);
  void Dispatch(std::vector<StreamEvent>& events);
  absl::Status ProcessField(std::string_view name, std::string_view value);
  void SetReconnectionTime(std::string_view digits);

  std::size_t mark_bytes_seen_ = 0;  // Of the byte order mark; 3 once it is behind us.
  bool was_carriage_return_ = false;
  std::string line_;

  std::string data_;
  std::string event_;
  std::string id_;

  std::string last_event_id_;
  std::optional<absl::Duration> reconnection_time_;
};

}  // namespace sluice::cli
