#include "control/resume/stream_replay.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "edge/sse/server_events.h"

namespace sluice {

StreamReplay::StreamReplay(std::optional<std::string> unknown_id)
    : unknown_id_(std::move(unknown_id)) {}

StreamReplay::StreamReplay(std::string id, const EventNumber& position)
    : id_(std::move(id)), position_(position), last_id_(position) {}

StreamReplay StreamReplay::FromEarliest() {
  StreamReplay replay("", EventNumber());
  replay.is_earliest_ = true;
  return replay;
}

StreamReplay StreamReplay::OfHeld(const EventNumber& position) {
  StreamReplay replay("", position);
  replay.has_opened_ = true;
  return replay;
}

void StreamReplay::AddGap(ReplayPage& page, std::string_view reason, const std::string& from,
                          const EventNumber& to, bool carries_id) {
  const std::string to_text = to.ToString();
  ReplayItem item;
  item.bytes = std::make_shared<const std::string>(EncodeGap(
      reason, from, to_text, carries_id ? std::optional<std::string_view>(to_text) : std::nullopt));
  item.is_own = true;
  if (carries_id) {
    item.number = last_id_ = to;
    MoveTo(to);
  }
  page.items.push_back(std::move(item));
  page.gap_reasons.emplace_back(reason);
}

ReplayPage StreamReplay::NextPage(Part part, std::size_t bytes_max) {
  ReplayPage page;
  const bool is_first = !std::exchange(has_opened_, true);
  const EventNumber& end = part.complete_to;
  if (!position_.has_value()) {
    page.opening = Opening{std::nullopt, false};
    if (unknown_id_.has_value()) {
      AddGap(page, "unknown_id", *unknown_id_, end, /*carries_id=*/true);
    } else {
      page.opening->id = end.ToString();
      last_id_ = end;
    }
    MoveTo(end);
    Finish(page);
    return page;
  }
  // Nothing before the first event was promised.
  const bool is_from_earliest = is_earliest_ && position_->sequence == 0;
  if (is_from_earliest) {
    position_->epoch = part.events.empty() ? end.epoch : part.events.front().number.epoch;
  }
  if (part.gap_to > position_->sequence && !is_from_earliest) {
    // Events of other channels below it still follow.
    AddGap(page, "trimmed", position_->ToString(), {end.epoch, part.gap_to}, /*carries_id=*/false);
  }
  // A client's id never ends an epoch.
  if (part.is_last && position_->sequence > end.sequence) {
    AddGap(page, "epoch_changed", position_->ToString(), end, /*carries_id=*/true);
  }
  std::size_t bytes = 0;
  bool is_cut = false;
  for (OrderedEvent& event : part.events) {
    const EventNumber number = event.number;
    if (number.sequence <= position_->sequence) continue;
    is_cut = bytes > 0 && bytes + event.bytes->size() > bytes_max;
    if (is_cut) break;
    bytes += event.bytes->size() + Frame::kOverheadBytes;
    if (number.epoch != position_->epoch) {
      AddGap(page, "epoch_changed", position_->ToString(), {number.epoch, number.sequence - 1},
             /*carries_id=*/true);
    }
    // A filter or its time to live may keep it from being written.
    if (event.filter == nullptr && event.rules == nullptr) last_id_ = number;
    page.items.push_back(
        {std::move(event.bytes), std::move(event.filter), number, false, std::move(event.rules)});
    MoveTo(number);
  }
  if (!is_cut && position_->epoch != end.epoch) {
    AddGap(page, "epoch_changed", position_->ToString(), end, /*carries_id=*/true);
  }
  if (is_first) {
    const bool has_gap = std::any_of(page.items.begin(), page.items.end(),
                                     [](const ReplayItem& item) { return item.is_own; });
    page.opening = Opening{id_.empty() ? std::nullopt : std::optional(id_), !has_gap};
  }
  if (is_cut) return page;
  if (end.sequence > position_->sequence) MoveTo(end);
  if (part.is_last) Finish(page);
  return page;
}

void StreamReplay::Finish(ReplayPage& page) {
  page.live = ReplayPage::Live{*position_};
  if (position_->sequence <= last_id_.sequence && position_->epoch == last_id_.epoch) return;
  ReplayItem item;
  item.bytes = std::make_shared<const std::string>(EncodePosition(position_->ToString()));
  item.number = *position_;
  item.is_own = true;
  page.items.push_back(std::move(item));
}

}  // namespace sluice
