// clients/cli/tail/event_stream_parser.cc
#include "clients/cli/tail/event_stream_parser.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <utility>

#include "clients/cli/text/utf8.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// About 24 days: more than anyone waits for, and no clock overflows by it.
constexpr std::int64_t kReconnectionTimeMsMax = 0x7FFFFFFF;

}  // namespace

EventStreamParser::EventStreamParser(std::string last_event_id)
    : id_(last_event_id), last_event_id_(std::move(last_event_id)) {}

absl::Status EventStreamParser::Feed(std::string_view bytes, std::vector<StreamEvent>& events) {
  bytes.remove_prefix(SkipByteOrderMark(bytes));
  while (!bytes.empty()) {
    if (std::exchange(was_carriage_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    if (line_.size() > kLineSizeBytesMax) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("the stream has a line over %d bytes", kLineSizeBytesMax));
    }
    if (end == std::string_view::npos) break;
    was_carriage_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const absl::Status ended = EndLine(events);
    line_.clear();
    if (!ended.ok()) return ended;
  }
  return absl::OkStatus();
}

// Returns how many bytes at the front belong to the mark. Bytes that only began like one are put
// back as the beginning of the first line.
std::size_t EventStreamParser::SkipByteOrderMark(std::string_view bytes) {
  std::size_t skipped_bytes = 0;
  while (mark_bytes_seen_ < kByteOrderMark.size() && skipped_bytes < bytes.size()) {
    if (bytes[skipped_bytes] != kByteOrderMark[mark_bytes_seen_]) {
      line_ = kByteOrderMark.substr(0, mark_bytes_seen_);
      mark_bytes_seen_ = kByteOrderMark.size();
      break;
    }
    ++mark_bytes_seen_;
    ++skipped_bytes;
  }
  return skipped_bytes;
}

absl::Status EventStreamParser::EndLine(std::vector<StreamEvent>& events) {
  if (line_.empty()) {
    Dispatch(events);
    return absl::OkStatus();
  }
  // Line ends are ASCII, so that decoding line by line is the same as decoding the whole stream.
  const std::string decoded = IsValidUtf8(line_) ? line_ : DecodeUtf8(line_);
  const std::string_view line = decoded;
  const std::size_t colon = line.find(':');
  if (colon == 0) return absl::OkStatus();
  if (colon == std::string_view::npos) return ProcessField(line, "");
  std::string_view value = line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return ProcessField(line.substr(0, colon), value);
}

absl::Status EventStreamParser::ProcessField(std::string_view name, std::string_view value) {
  if (name == "event") {
    event_ = value;
  } else if (name == "data") {
    data_ += value;
    data_ += '\n';
    if (data_.size() > kDataSizeBytesMax) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("the stream has an event over %d bytes", kDataSizeBytesMax));
    }
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    SetReconnectionTime(value);
  }
  return absl::OkStatus();
}

void EventStreamParser::SetReconnectionTime(std::string_view digits) {
  const bool is_number = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!is_number) return;
  std::int64_t time_ms = 0;
  for (const char digit : digits) {
    time_ms = std::min(time_ms * 10 + (digit - '0'), kReconnectionTimeMsMax);
  }
  reconnection_time_ = absl::Milliseconds(time_ms);
}

void EventStreamParser::Dispatch(std::vector<StreamEvent>& events) {
  last_event_id_ = id_;
  if (!data_.empty()) {
    data_.pop_back();  // The newline after its last line.
    events.push_back({event_.empty() ? "message" : std::move(event_), id_, std::move(data_)});
  }
  data_.clear();
  event_.clear();
}

}  // namespace sluice::cli
