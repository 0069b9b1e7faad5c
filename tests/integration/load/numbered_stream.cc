#include "tests/integration/load/numbered_stream.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace sluice::tests {
namespace {

std::string TargetOf(const std::string& client_id, const std::set<std::string>& groups) {
  std::string target = "/events?client_id=" + client_id;
  for (const std::string& group : groups) target += "&group=" + group;
  return target;
}

void Take(const ReceivedEvent& event, NumberedStream::Log& log) {
  const auto number = EventNumber::Parse(event.id.value_or(""));
  if (!number.has_value()) {
    log.mistake = "an event without an assigned id: " + event.data;
  } else if (event.event == "sluice.open") {
    log.joined_at = number->sequence;
  } else {
    const std::uint64_t last = log.received.empty() ? log.joined_at : log.received.back().sequence;
    if (number->sequence <= last) log.mistake = "an id that does not grow: " + *event.id;
    int serial = -1;
    if (!absl::SimpleAtoi(event.data, &serial)) log.mistake = "strange data: " + event.data;
    log.received.push_back({number->sequence, serial});
  }
}

}  // namespace

NumberedStream::NumberedStream(EventStreamClient& client, int port, std::string client_id,
                               std::set<std::string> groups)
    : client_id_(std::move(client_id)),
      groups_(std::move(groups)),
      log_(std::make_shared<Watched<Log>>()) {
  StreamRequest request = GetEvents(TargetOf(client_id_, groups_));
  request.keep_events = false;
  request.on_event = [log = log_](const ReceivedEvent& event) {
    if (event.event == "sluice.end") return;
    log->Update([&event](Log& kept) { Take(event, kept); });
  };
  stream_ = client.Open(port, std::move(request));
}

bool NumberedStream::WaitForOpen() const {
  return log_->WaitFor([](const Log& log) { return log.joined_at > 0; }, kPatience);
}

bool NumberedStream::WaitForSerial(int serial) const {
  const auto has_come = [serial](const Log& log) {
    return std::any_of(log.received.rbegin(), log.received.rend(),
                       [serial](const Received& event) { return event.serial == serial; });
  };
  return log_->WaitFor(has_come, kPatience);
}

}  // namespace sluice::tests
