#include "control/resume/history_list.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "control/message/timestamp.h"
#include "control/request/error_reason.h"
#include "control/request/page_token.h"
#include "edge/names/text_rules.h"

namespace sluice {
namespace {

constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 1000;
constexpr std::size_t kPageBytesMax = std::size_t{2} << 20;

void FillEvent(const HistoryEntry& entry, const internal::v1::EventMessage& message,
               v1::HistoryEvent& event) {
  event.set_event_id(message.custom_id().empty() ? entry.number.ToString() : message.custom_id());
  // A number tells its time.
  SetTimestamp(absl::FromUnixMicros(static_cast<std::int64_t>(entry.number.sequence)),
               *event.mutable_time());
  event.mutable_event()->set_event(message.name());
  event.mutable_event()->set_data(message.data());
  event.mutable_event()->set_id(message.custom_id());
  if (message.retry_ms() == 0) return;
  event.mutable_event()->mutable_retry()->set_seconds(message.retry_ms() / 1000);
  event.mutable_event()->mutable_retry()->set_nanos(static_cast<int>(message.retry_ms() % 1000) *
                                                    1'000'000);
}

v1::ListHistoryResponse PageOf(const HistoryListQuery& query, const HistoryRead& read) {
  v1::ListHistoryResponse page;
  std::uint64_t end = read.complete_to;
  bool has_more = read.complete_to < read.last.sequence;
  for (const HistoryEntry& entry : read.channels[0].entries) {
    if (page.events_size() == query.page_size) {
      has_more = true;
      break;
    }
    end = entry.number.sequence;
    const auto envelope = DecodeEnvelope(entry.payload);
    if (envelope.ok() && envelope->has_event()) {
      FillEvent(entry, envelope->event(), *page.add_events());
    }
  }
  if (has_more) {
    page.set_next_page_token(EncodePageToken(absl::StrCat(end), StableHash(query.channel)));
  }
  return page;
}

}  // namespace

absl::StatusOr<HistoryListQuery> ReadRequest(const v1::ListHistoryRequest& request) {
  Violations violations;
  HistoryListQuery query;
  switch (request.target_case()) {
    case v1::ListHistoryRequest::kGroup:
      violations.Add("group", CheckName(request.group()));
      query.channel = GroupChannel(request.group());
      break;
    case v1::ListHistoryRequest::kClientId:
      violations.Add("client_id", CheckName(request.client_id()));
      query.channel = ClientChannel(request.client_id());
      break;
    case v1::ListHistoryRequest::kBroadcast:
      if (!request.broadcast()) violations.Add("broadcast", "is false; expected true");
      query.channel = std::string(kAllChannel);
      break;
    case v1::ListHistoryRequest::TARGET_NOT_SET:
      violations.Add("target", "is missing; expected group, client_id or broadcast");
      break;
  }
  if (request.page_size() < 0) {
    violations.Add("page_size", "is negative; expected 0 (100) to 1000");
  }
  if (!request.page_token().empty()) {
    const auto after = DecodePageToken(request.page_token(), StableHash(query.channel));
    violations.Add("page_token", after.status());
    if (after.ok() && !absl::SimpleAtoi(*after, &query.after)) {
      violations.Add("page_token", "is of another list");
    }
  }
  const absl::Status status = violations.ToStatus();
  if (!status.ok()) return status;
  query.page_size =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);
  return query;
}

void ListHistory(Backplane& backplane, const HistoryListQuery& query,
                 absl::AnyInvocable<void(absl::StatusOr<v1::ListHistoryResponse>)> done) {
  backplane.ReadHistory({{{query.channel, query.after}}, {}, kPageBytesMax},
                        [query, done = std::move(done)](absl::StatusOr<HistoryRead> read) mutable {
                          if (!read.ok()) return done(read.status());
                          done(PageOf(query, *read));
                        });
}

}  // namespace sluice
