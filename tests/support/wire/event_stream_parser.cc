#include "tests/support/wire/event_stream_parser.h"

#include <cstdlib>

namespace sluice::tests {

std::vector<ReceivedEvent> EventStreamParser::Feed(const std::string& bytes) {
  std::vector<ReceivedEvent> events;
  for (std::size_t at = 0; at < bytes.size();) {
    const bool completes_pair = after_carriage_return_ && bytes[at] == '\n';
    after_carriage_return_ = false;
    if (completes_pair) {
      ++at;
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n", at);
    if (end == std::string::npos) {
      line_.append(bytes, at, std::string::npos);
      break;
    }
    line_.append(bytes, at, end - at);
    after_carriage_return_ = bytes[end] == '\r';
    EndLine(events);
    at = end + 1;
  }
  return events;
}

void EventStreamParser::EndLine(std::vector<ReceivedEvent>& events) {
  std::string line;
  line.swap(line_);
  if (first_line_ && line.rfind("\xEF\xBB\xBF", 0) == 0) line.erase(0, 3);
  first_line_ = false;
  if (line.empty()) return Dispatch(events);
  const std::size_t colon = line.find(':');
  if (colon == 0) {
    ++comment_count_;
    return;
  }
  if (colon == std::string::npos) return ProcessField(line, "");
  const std::size_t value =
      colon + 1 < line.size() && line[colon + 1] == ' ' ? colon + 2 : colon + 1;
  ProcessField(line.substr(0, colon), line.substr(value));
}

void EventStreamParser::ProcessField(const std::string& name, const std::string& value) {
  if (name == "event") event_ = value;
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
  if (name == "id" && value.find('\0') == std::string::npos) id_ = value;
  const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
  if (name == "retry" && digits) reconnection_time_ms_ = std::atoll(value.c_str());
}

void EventStreamParser::Dispatch(std::vector<ReceivedEvent>& events) {
  if (id_) last_event_id_ = *id_;
  if (has_data_) {
    ReceivedEvent event;
    if (!event_.empty()) event.event = event_;
    event.data = std::move(data_);
    event.id = id_;
    event.last_event_id = last_event_id_;
    events.push_back(std::move(event));
  }
  event_.clear();
  data_.clear();
  has_data_ = false;
  id_.reset();
}

}  // namespace sluice::tests
