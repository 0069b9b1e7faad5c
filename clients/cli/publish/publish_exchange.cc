// clients/cli/publish/publish_exchange.cc
#include "clients/cli/publish/publish_exchange.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>

#include "clients/cli/rpc/failure.h"
#include "clients/cli/text/readable.h"
#include "clients/cli/text/utf8.h"

namespace sluice::cli {
namespace {

v1::PublishResponse Failure(int code, const std::string& message) {
  v1::PublishResponse response;
  response.mutable_error()->set_code(code);
  response.mutable_error()->set_message(message);
  return response;
}

// Protobuf's message goes over several lines and shows the text again; the first line has it all.
std::string FirstLine(absl::string_view message) {
  const std::string text(message);
  return text.substr(0, text.find('\n'));
}

std::optional<v1::PublishResponse> ParseEntry(const std::string& line,
                                              v1::PublishRequest& request) {
  request.Clear();
  if (!IsValidUtf8(line)) {
    return Failure(grpc::StatusCode::INVALID_ARGUMENT, "not a PublishRequest in JSON: not UTF-8");
  }
  const auto status = google::protobuf::util::JsonStringToMessage(line, &request);
  if (status.ok()) return std::nullopt;
  return Failure(grpc::StatusCode::INVALID_ARGUMENT,
                 absl::StrCat("not a PublishRequest in JSON: ",
                              FirstLine({status.message().data(), status.message().size()})));
}

}  // namespace

PublishExchange::PublishExchange(Server& server, LineSource& lines)
    : server_(server), lines_(lines) {
  server_.Authorize(context_);
  stream_ = server_.control().Publish(&context_);
  writer_ = std::thread([this] { WriteEntries(); });
  reader_ = std::thread([this] { ReadAnswers(); });
}

PublishExchange::~PublishExchange() {
  context_.TryCancel();
  lines_.Cancel();
  if (writer_.joinable()) writer_.join();
  if (reader_.joinable()) reader_.join();
}

void PublishExchange::WriteEntries() {
  std::string line;
  v1::PublishRequest request;
  std::int64_t line_number = 0;
  while (true) {
    const LineSource::Result result = lines_.Read(line);
    if (result == LineSource::Result::kFailed) input_failure_ = line;
    if (result != LineSource::Result::kLine && result != LineSource::Result::kTooLong) break;
    ++line_number;
    Entry entry{line_number, std::nullopt};
    if (result == LineSource::Result::kTooLong) {
      entry.response =
          Failure(grpc::StatusCode::INVALID_ARGUMENT,
                  absl::StrFormat("the line is over %d bytes", LineSource::kLineSizeBytesMax));
    } else if (line.find_first_not_of(" \t") == std::string::npos) {
      continue;
    } else {
      entry.response = ParseEntry(line, request);
    }
    const bool must_send = !entry.response.has_value();
    // Before it is written, because its answer can be faster than this thread.
    if (!Add(std::move(entry))) break;
    if (must_send && !stream_->Write(request)) break;
  }
  stream_->WritesDone();
  absl::MutexLock lock(&mutex_);
  has_written_all_ = true;
  if (unanswered_count_ == 0) waiting_since_ = absl::Now();
  changed_.SignalAll();
}

bool PublishExchange::Add(Entry entry) {
  absl::MutexLock lock(&mutex_);
  while (entries_.size() >= kUnansweredMax && !has_read_all_) changed_.Wait(&mutex_);
  if (has_read_all_) return false;
  if (!entry.response.has_value() && ++unanswered_count_ == 1) waiting_since_ = absl::Now();
  entries_.push_back(std::move(entry));
  changed_.SignalAll();
  return true;
}

void PublishExchange::ReadAnswers() {
  v1::PublishResponse response;
  while (stream_->Read(&response)) Answer(std::move(response));
  {
    absl::MutexLock lock(&mutex_);
    has_read_all_ = true;
    changed_.SignalAll();
  }
  lines_.Cancel();
}

void PublishExchange::Answer(v1::PublishResponse response) {
  absl::MutexLock lock(&mutex_);
  const auto entry = std::find_if(entries_.begin(), entries_.end(), [](const Entry& candidate) {
    return !candidate.response.has_value();
  });
  if (entry == entries_.end()) {
    is_out_of_step_ = true;
    context_.TryCancel();
    return;
  }
  entry->response = std::move(response);
  --unanswered_count_;
  waiting_since_ = unanswered_count_ > 0 || has_written_all_ ? absl::Now() : absl::InfiniteFuture();
  changed_.SignalAll();
}

bool PublishExchange::Next(absl::Duration wait, std::vector<Outcome>& outcomes) {
  const absl::Time until = absl::Now() + wait;
  absl::MutexLock lock(&mutex_);
  while (true) {
    const std::size_t count_before = outcomes.size();
    Take(outcomes);
    if (outcomes.size() > count_before) return true;
    if (has_written_all_ && has_read_all_) return false;
    GiveUpWhenLate();
    if (changed_.WaitWithDeadline(&mutex_, until)) return true;
  }
}

void PublishExchange::Take(std::vector<Outcome>& outcomes) {
  const std::size_t count_before = entries_.size();
  while (!entries_.empty() && entries_.front().response.has_value()) {
    Entry& entry = entries_.front();
    outcomes.push_back({entry.line_number, *std::move(entry.response)});
    entries_.pop_front();
  }
  if (entries_.size() < count_before) changed_.SignalAll();  // The writer may wait for room.
}

void PublishExchange::GiveUpWhenLate() {
  if (is_late_ || absl::Now() - waiting_since_ < server_.timeout()) return;
  is_late_ = true;
  context_.TryCancel();
}

google::rpc::Status PublishExchange::Finish(std::vector<Outcome>& outcomes) {
  writer_.join();
  reader_.join();
  google::rpc::Status status = WithDetails(stream_->Finish());
  absl::MutexLock lock(&mutex_);
  if (is_late_) {
    status.Clear();
    status.set_code(grpc::StatusCode::DEADLINE_EXCEEDED);
    status.set_message(absl::StrCat("no answer for ", FormatElapsed(server_.timeout())));
  } else if (is_out_of_step_) {
    status.Clear();
    status.set_code(grpc::StatusCode::INTERNAL);
    status.set_message("the server answered more entries than it was sent");
  } else if (status.code() == grpc::StatusCode::OK && unanswered_count_ > 0) {
    status.set_code(grpc::StatusCode::INTERNAL);
    status.set_message("the server ended the call before it had answered all entries");
  }
  for (Entry& entry : entries_) {
    if (!entry.response.has_value()) {
      entry.response = Failure(
          status.code(), "the call ended before the answer; the event may have been published");
    }
    outcomes.push_back({entry.line_number, *std::move(entry.response)});
  }
  entries_.clear();
  return status;
}

}  // namespace sluice::cli
