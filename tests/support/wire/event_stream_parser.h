#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tests {

// An event as a browser would dispatch it.
struct ReceivedEvent {
  std::string event = "message";
  std::string data;
  std::optional<std::string> id;  // As its own block gives it; nothing when it has no `id` field.
  std::string last_event_id;      // The browser's lastEventId at this event.
};

// Reads an event stream as a browser does (WHATWG HTML, "Interpreting an event stream"). Written
// from the standard, apart from the server's encoder, so that both can't share a mistake.
class EventStreamParser {
 public:
  // Takes the next bytes; cuts may fall anywhere. Returns the events that they completed.
  std::vector<ReceivedEvent> Feed(const std::string& bytes);

  // What the last `retry` field said; nothing when there was none.
  std::optional<std::int64_t> reconnection_time_ms() const { return reconnection_time_ms_; }

  std::int64_t comment_count() const { return comment_count_; }

  // The last event ID of the stream, which a block without data moves too.
  const std::string& last_event_id() const { return last_event_id_; }

 private:
  void EndLine(std::vector<ReceivedEvent>& events);
  void Dispatch(std::vector<ReceivedEvent>& events);
  void ProcessField(const std::string& name, const std::string& value);

  std::string line_;
  bool first_line_ = true;
  bool after_carriage_return_ = false;
  std::string event_;
  std::string data_;
  bool has_data_ = false;
  std::optional<std::string> id_;
  std::string last_event_id_;
  std::optional<std::int64_t> reconnection_time_ms_;
  std::int64_t comment_count_ = 0;
};

}  // namespace sluice::tests
