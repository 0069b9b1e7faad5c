#include "control/resume/splices.h"

#include <algorithm>
#include <utility>

#include "control/message/envelope.h"
#include "edge/log/log.h"
#include "edge/names/event_number.h"

namespace sluice {
namespace {

constexpr std::string_view kEarliest = "earliest";

bool IsBefore(const OrderedEvent& a, const OrderedEvent& b) {
  return a.number.sequence < b.number.sequence;
}

}  // namespace

Splices::Splices(Scheduler& scheduler, ResumeOptions options, Backplane& backplane,
                 ResumeRing& ring, EventOrder& order, EventStreams& streams,
                 std::function<void(absl::AnyInvocable<void()>)> post, Owner& owner)
    : options_(options),
      backplane_(backplane),
      ring_(ring),
      order_(order),
      streams_(streams),
      post_(std::move(post)),
      owner_(owner),
      scheduler_(scheduler) {}

void Splices::Add(const OpenedConnection& opened, std::vector<ResumeSpan> spans) {
  StreamReplay replay(std::nullopt);
  std::string searched_id;
  if (opened.last_event_id.has_value()) {
    const std::string& last_id = *opened.last_event_id;
    const auto number = EventNumber::Parse(last_id);
    if (!options_.has_history || (!number.has_value() && EventNumber::HasForm(last_id))) {
      replay = StreamReplay(last_id);
    } else if (number.has_value()) {
      replay = StreamReplay(last_id, *number);
    } else if (last_id == kEarliest) {
      replay = StreamReplay::FromEarliest();
    } else {
      searched_id = last_id;
    }
  }
  Insert(opened.id, opened.client_id, std::move(spans), std::move(replay), std::move(searched_id));
}

void Splices::AddHeld(ConnectionId id, const std::string& client_id, const EventNumber& position,
                      std::vector<ResumeSpan> spans) {
  Insert(id, client_id, std::move(spans), StreamReplay::OfHeld(position), "");
}

void Splices::Insert(ConnectionId id, const std::string& client_id, std::vector<ResumeSpan> spans,
                     StreamReplay replay, std::string searched_id) {
  auto splice = std::make_unique<Splice>(
      Splice{++last_serial_, client_id, std::move(spans), std::move(replay)});
  splice->searched_id = std::move(searched_id);
  splices_[id] = std::move(splice);
  Queue(id);
}

void Splices::Pause(ConnectionId id) {
  const auto found = splices_.find(id);
  if (found == splices_.end()) return;
  found->second->is_paused = true;
  found->second->serial = ++last_serial_;  // What is being read for it is for other channels.
}

void Splices::Resume(ConnectionId id, std::vector<ResumeSpan> spans) {
  Splice& splice = *splices_.at(id);
  splice.joined = std::move(spans);
  splice.is_paused = false;
  if (!splice.is_draining) Queue(id);
}

Splices::Splice* Splices::Find(ConnectionId id, std::uint64_t serial) {
  const auto found = splices_.find(id);
  if (found == splices_.end() || found->second->serial != serial) return nullptr;
  return found->second.get();
}

void Splices::Queue(ConnectionId id) {
  queue_.push_back(id);
  ScheduleReads();
}

void Splices::QueueLater(ConnectionId id) {
  later_.push_back(id);
  if (later_.size() > 1) return;
  scheduler_.After(kRetryDelay, [this] {
    for (const ConnectionId waiting : std::exchange(later_, {})) Queue(waiting);
  });
}

// What comes in one turn of the loop is read together.
void Splices::ScheduleReads() {
  if (is_read_scheduled_) return;
  is_read_scheduled_ = true;
  scheduler_.Post([this] {
    is_read_scheduled_ = false;
    StartReads();
  });
}

void Splices::StartReads() {
  while (!queue_.empty() && reads_under_way_ < kReadsMax) {
    auto read = std::make_shared<Read>();
    read->query.bytes_max = kBytesPerRead;
    while (!queue_.empty() && read->streams.size() < kStreamsPerRead &&
           read->query.spans.size() < kChannelsPerRead) {
      const ConnectionId id = queue_.front();
      queue_.pop_front();
      const auto found = splices_.find(id);
      if (found == splices_.end() || found->second->is_paused) continue;
      if (!owner_.IsWhole()) {
        QueueLater(id);
        continue;
      }
      AddToRead(id, *found->second, *read);
    }
    if (read->streams.empty()) continue;
    ++reads_under_way_;
    backplane_.ReadHistory(read->query, [this, read](absl::StatusOr<HistoryRead> answer) {
      --reads_under_way_;
      OnRead(*read, std::move(answer));
      if (!queue_.empty()) ScheduleReads();
    });
  }
}

void Splices::AddToRead(ConnectionId id, const Splice& splice, Read& read) {
  // Before the read, so that what comes between it and its answer is there.
  if (options_.has_history) {
    for (const ResumeSpan& span : splice.joined) ring_.Record(span.channel);
  }
  read.streams.emplace_back(id, splice.serial);
  read.query.client_ids.push_back(splice.client_id);
  const auto& position = splice.replay.position();
  const bool is_searching = !splice.searched_id.empty();
  if (!is_searching && (!position.has_value() || PartOfRing(splice).has_value())) return;
  for (const ResumeSpan& span :
       SpansOf(splice, is_searching ? splice.searched_to : position->sequence)) {
    const auto [place, is_new] =
        read.channel_places.try_emplace(span.channel, read.query.spans.size());
    if (is_new) {
      read.query.spans.push_back({span.channel, span.after});
    } else {
      std::uint64_t& after = read.query.spans[place->second].after;
      after = std::min(after, span.after);
    }
  }
}

std::vector<ResumeSpan> Splices::SpansOf(const Splice& splice, std::uint64_t after) const {
  std::vector<ResumeSpan> spans = splice.joined;
  for (ResumeSpan& span : spans) span.after = std::max(span.after, after);
  return spans;
}

void Splices::OnRead(const Read& read, absl::StatusOr<HistoryRead> answer) {
  const bool is_usable =
      answer.ok() && owner_.IsWhole() && answer->last.epoch == backplane_.position().epoch;
  if (!answer.ok() && !absl::IsUnavailable(answer.status())) {
    Log(spdlog::level::warn, "what streams missed could not be read",
        {{"error", std::string(answer.status().message())}});
  }
  if (!is_usable) {
    for (const auto& [id, serial] : read.streams) {
      if (Find(id, serial) != nullptr) QueueLater(id);
    }
    return;
  }
  std::vector<std::vector<KeptEvent>> kept;
  for (const ChannelHistory& channel : answer->channels) {
    std::vector<KeptEvent>& events = kept.emplace_back();
    for (const HistoryEntry& entry : channel.entries) {
      const auto envelope = DecodeEnvelope(entry.payload);
      if (!envelope.ok() || !envelope->has_event()) continue;
      auto event = DecodeEvent(envelope->event(), entry.number, IdRule::kAllButEphemeral,
                               scheduler_.Uptime() - AgeOf(entry.number, answer->time_us));
      if (!event.ok()) continue;  // Of a stranger, as when it came live.
      events.push_back({*std::move(event), envelope->event().custom_id()});
    }
  }
  for (std::size_t i = 0; i < read.streams.size(); ++i) {
    const auto& [id, serial] = read.streams[i];
    if (Find(id, serial) == nullptr) continue;
    if (!owner_.OnRecordRead(id, answer->records[i], answer->last)) continue;
    if (Splice* splice = Find(id, serial)) Continue(id, *splice, read, *answer, kept);
  }
}

void Splices::Continue(ConnectionId id, Splice& splice, const Read& read, const HistoryRead& answer,
                       const std::vector<std::vector<KeptEvent>>& kept) {
  // Its channels were subscribed before this read, so they are whole from it on.
  if (options_.has_history) {
    for (const ResumeSpan& span : splice.joined) ring_.Cover(span.channel, answer.last.sequence);
  }
  if (!splice.searched_id.empty()) {
    if (!Search(splice, read, answer, kept)) return Queue(id);
    const std::string searched = std::exchange(splice.searched_id, {});
    splice.replay =
        splice.found_count == 1 ? StreamReplay(searched, splice.found) : StreamReplay(searched);
    if (splice.found_count == 1) return Queue(id);
  }
  std::optional<StreamReplay::Part> part;
  const EventNumber here = backplane_.position();
  if (!splice.replay.position().has_value()) {
    part.emplace();
    part->complete_to = answer.last.sequence > here.sequence ? answer.last : here;
    part->is_last = true;
  } else {
    part = PartOfRing(splice);
    if (!part.has_value()) part = PartOfRead(splice, read, answer, kept);
  }
  if (!part.has_value()) return QueueLater(id);
  Send(id, splice, *std::move(part));
}

std::optional<StreamReplay::Part> Splices::PartOfRing(const Splice& splice) const {
  const EventNumber here = backplane_.position();
  const EventNumber& position = *splice.replay.position();
  if (position.epoch != here.epoch || position.sequence > here.sequence) return std::nullopt;
  // Live from here it would get of a group what came before its client was put into it.
  const bool joins_later =
      std::any_of(splice.joined.begin(), splice.joined.end(),
                  [&here](const ResumeSpan& span) { return span.after > here.sequence; });
  if (joins_later) return std::nullopt;
  auto events = ring_.Read(SpansOf(splice, position.sequence));
  if (!events.has_value()) return std::nullopt;
  return StreamReplay::Part{*std::move(events), 0, here, true};
}

std::optional<StreamReplay::Part> Splices::PartOfRead(
    const Splice& splice, const Read& read, const HistoryRead& answer,
    const std::vector<std::vector<KeptEvent>>& kept) const {
  StreamReplay::Part part;
  const std::uint64_t last = answer.last.sequence;
  for (const ResumeSpan& span : SpansOf(splice, splice.replay.position()->sequence)) {
    const auto place = read.channel_places.find(span.channel);
    if (place == read.channel_places.end()) return std::nullopt;  // The ring was to have it.
    part.gap_to = std::max(part.gap_to, answer.channels[place->second].GapTo(span.after, last));
    for (const KeptEvent& event : kept[place->second]) {
      if (event.event.number.sequence > span.after) part.events.push_back(event.event);
    }
  }
  std::sort(part.events.begin(), part.events.end(), IsBefore);
  part.complete_to = {answer.last.epoch, answer.complete_to};
  if (answer.complete_to < last) return part;
  part.is_last = true;
  // What has reached this replica since that moment.
  const EventNumber here = backplane_.position();
  if (here.sequence <= last) return part;
  auto since = ring_.Read(SpansOf(splice, std::max(last, splice.replay.position()->sequence)));
  if (!since.has_value()) return std::nullopt;
  part.events.insert(part.events.end(), since->begin(), since->end());
  part.complete_to = here;
  return part;
}

bool Splices::Search(Splice& splice, const Read& read, const HistoryRead& answer,
                     const std::vector<std::vector<KeptEvent>>& kept) const {
  for (const ResumeSpan& span : SpansOf(splice, splice.searched_to)) {
    const auto place = read.channel_places.find(span.channel);
    if (place == read.channel_places.end()) continue;
    for (const KeptEvent& event : kept[place->second]) {
      if (event.event.number.sequence <= span.after) continue;
      if (event.custom_id != splice.searched_id) continue;
      ++splice.found_count;
      splice.found = event.event.number;
    }
  }
  splice.searched_to = answer.complete_to;
  return answer.complete_to == answer.last.sequence;
}

void Splices::Send(ConnectionId id, Splice& splice, StreamReplay::Part part) {
  ReplayPage page = splice.replay.NextPage(std::move(part), options_.page_bytes_max);
  if (page.opening.has_value() && page.opening->is_resumed) ++resumed_;
  for (const std::string& reason : page.gap_reasons) ++gaps_[reason];
  if (page.live.has_value()) {
    order_.Advance(backplane_.position());
    const EventNumber position = page.live->position;
    page.live->order = order_.Of(position);
    streams_.Replay(id, std::move(page), [] {});
    splices_.erase(id);
    return owner_.OnLive(id, position);
  }
  splice.is_draining = true;
  streams_.Replay(id, std::move(page), [this, id] { post_([this, id] { OnDrained(id); }); });
}

void Splices::AddTo(ClusterCounts& counts) const {
  counts.resumed += resumed_;
  for (const auto& [reason, count] : gaps_) counts.gaps[reason] += count;
}

void Splices::OnDrained(ConnectionId id) {
  const auto found = splices_.find(id);
  if (found == splices_.end()) return;
  found->second->is_draining = false;
  if (!found->second->is_paused) Queue(id);
}

}  // namespace sluice
