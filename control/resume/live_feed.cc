#include "control/resume/live_feed.h"

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "edge/log/log.h"

namespace sluice {

LiveFeed::LiveFeed(Scheduler& scheduler, bool has_history, std::size_t ring_bytes_max,
                   Backplane& backplane, EventStreams& streams, Owner& owner)
    : has_history_(has_history),
      scheduler_(scheduler),
      backplane_(backplane),
      streams_(streams),
      owner_(owner),
      ring_(ring_bytes_max),
      catch_up_(scheduler, backplane) {}

void LiveFeed::Start() {
  if (has_history_) SchedulePosition();
}

void LiveFeed::Stop() {
  is_stopped_ = true;
  catch_up_.Cancel();
}

void LiveFeed::SchedulePosition() {
  scheduler_.After(kPositionEvery, [this] {
    if (is_stopped_) return;
    if (is_whole()) {
      // Catching up has gone on to its cut, which the subscriptions may have still to come to.
      const EventNumber here = backplane_.position();
      const EventNumber position = PositionOf(here);
      streams_.SetPosition(position, order_.Advance(position));
    }
    SchedulePosition();
  });
}

void LiveFeed::Hold(const std::string& channel, const EventNumber& number,
                    std::string_view payload) {
  // Before all is subscribed again: the reads that follow have it.
  if (!catch_up_.is_reading()) return;
  held_bytes_ += payload.size();
  held_.push_back({channel, number, std::string(payload), scheduler_.Uptime()});
  if (held_bytes_ <= kHeldBytesMax) return;
  Log(spdlog::level::warn, "catching up begins anew: too much came meanwhile");
  CatchUpNow();
}

void LiveFeed::OnInterrupted() {
  ++break_count_;
  catch_up_.Cancel();
  held_.clear();
  held_bytes_ = 0;
  if (!interrupted_at_.has_value()) interrupted_at_ = PositionOf(backplane_.position());
}

void LiveFeed::OnSubscribedAgain(std::vector<std::string> channels,
                                 std::vector<std::string> client_ids) {
  channels_ = std::move(channels);
  client_ids_ = std::move(client_ids);
  released_.clear();
  CatchUpNow();
}

void LiveFeed::CatchUpNow() {
  held_.clear();
  held_bytes_ = 0;
  catch_up_.Cancel();
  catch_up_.Start(interrupted_at_->sequence, has_history_ ? channels_ : std::vector<std::string>(),
                  client_ids_, [this](CatchUp::Missed missed) { OnMissed(std::move(missed)); });
}

void LiveFeed::OnChannelReleased(const std::string& channel) {
  ring_.Forget(channel);
  if (!is_whole()) released_.insert(channel);
}

void LiveFeed::OnMissed(CatchUp::Missed missed) {
  // What was read is of another run of Redis than what came meanwhile. The subscriptions will
  // break, or come to that epoch, which breaks them too.
  if (missed.cut.epoch != backplane_.position().epoch) {
    return scheduler_.After(CatchUp::kRetryDelay, [this, break_count = break_count_] {
      if (break_count == break_count_ && !is_stopped_) CatchUpNow();
    });
  }
  const EventNumber from = *interrupted_at_;
  const EventNumber& cut = missed.cut;
  const bool is_new_epoch = from.epoch != cut.epoch;
  owner_.OnRecordsRead(std::move(missed.records), cut);
  if (!has_history_ || missed.is_too_much) {
    TellGapToAll(from, cut);
  } else {
    Deliver(missed, from);
  }
  order_.Advance(cut);
  cut_ = cut;
  CoverAgain(missed, is_new_epoch || missed.is_too_much);
  // The position is at least the cut's: a number came behind the subscriptions, and the cut with it
  // or before it.
  interrupted_at_.reset();
  for (const Held& held : std::exchange(held_, {})) {
    if (HasDelivered(held.number)) continue;
    owner_.OnEvent(held.channel, held.number, order_.Advance(held.number), held.payload,
                   scheduler_.Uptime() - held.since, /*is_missed=*/false);
  }
  held_bytes_ = 0;
  owner_.OnWhole();
}

void LiveFeed::Deliver(const CatchUp::Missed& missed, const EventNumber& from) {
  for (const auto& [channel, gap_to] : missed.gaps) {
    const auto target = TargetOf(channel);
    if (!target.has_value() || gap_to <= from.sequence) continue;
    // It stands before the events that are left, and does not move the stream [rule "gap-first"].
    streams_.TellGap(*target, "trimmed", from, {missed.cut.epoch, gap_to}, /*carries_id=*/false);
  }
  EventNumber position = from;
  for (const auto& [channel, entry] : missed.events) {
    const EventNumber& number = entry.number;
    if (number.epoch != position.epoch) {
      TellGapToAll(position, {number.epoch, number.sequence - 1});
    }
    owner_.OnEvent(channel, number, order_.Advance(number), entry.payload,
                   AgeOf(number, missed.time_us), /*is_missed=*/true);
    position = number;
  }
  if (position.epoch != missed.cut.epoch) TellGapToAll(position, missed.cut);
  Log(spdlog::level::info, "caught up after a break",
      {{"from", from.ToString()}, {"to", missed.cut.ToString()}, {"events", missed.events.size()}});
}

void LiveFeed::TellGapToAll(const EventNumber& from, const EventNumber& to) {
  Log(spdlog::level::warn, "streams may have missed events while Redis was away",
      {{"from", from.ToString()}, {"to", to.ToString()}});
  streams_.TellGap({Target::Kind::kAll, ""},
                   from.epoch == to.epoch ? "backplane_interrupted" : "epoch_changed", from, to,
                   /*carries_id=*/true);
}

void LiveFeed::CoverAgain(const CatchUp::Missed& missed, bool has_hole) {
  if (!has_history_) return;
  if (has_hole) ring_.Clear();
  for (const auto& [channel, gap_to] : missed.gaps) ring_.Forget(channel);
  for (const std::string& channel : channels_) {
    // One that was released and held again was perhaps not subscribed all the time.
    if (released_.contains(channel)) continue;
    ring_.Record(channel);
    ring_.Cover(channel, missed.cut.sequence);
  }
}

}  // namespace sluice
