#include "tests/control/resume/simulation/simulated_redis.h"

#include <algorithm>
#include <utility>

#include "control/backplane/channel.h"
#include "control/backplane/history/history_page.h"
#include "control/message/envelope.h"

namespace sluice::tests {
namespace {

constexpr std::uint64_t kStartUs = 1'700'000'000'000'000;

}  // namespace

SimulatedRedis::SimulatedRedis(VirtualTime& time, HistoryOptions options, const Broken& broken)
    : time_(time), options_(std::move(options)), broken_(broken) {}

std::uint64_t SimulatedRedis::TimeUs() const {
  return kStartUs + static_cast<std::uint64_t>(absl::ToInt64Microseconds(time_.now()));
}

void SimulatedRedis::BeginEpoch() {
  EventNumber next;
  std::string name = "epoch" + std::string(3, 'a');
  for (std::size_t count = epochs_.size(), i = 0; i < 3; ++i, count /= 26) {
    name[5 + i] = static_cast<char>('a' + count % 26);
  }
  epochs_.push_back(name);
  std::copy(name.begin(), name.end(), data_.last.epoch.begin());
  data_.has_key = true;
  for (const auto& [client_id, group] : assigned_) NoteAssignment(client_id, group, 0);
}

void SimulatedRedis::NoteAssignment(const std::string& client_id, const std::string& group,
                                    std::uint64_t sequence) {
  const Record* record = data_.records[client_id].get();
  assignments_.push_back({client_id, group, static_cast<int>(epochs_.size()) - 1, sequence,
                          record != nullptr && record->groups.contains(group), time_.now()});
}

// Every script begins with it.
void SimulatedRedis::CheckRun() {
  if (!data_.has_key || (key_run_ != run_ && !broken_.epoch)) BeginEpoch();
  key_run_ = run_;
}

EventNumber SimulatedRedis::NextNumber() {
  CheckRun();
  data_.last.sequence = std::max(data_.last.sequence + 1, TimeUs());
  return data_.last;
}

int SimulatedRedis::EpochIndex(const EventNumber& number) const {
  const std::string name(number.epoch.begin(), number.epoch.end());
  const auto found = std::find(epochs_.begin(), epochs_.end(), name);
  return static_cast<int>(found - epochs_.begin());
}

std::shared_ptr<SimulatedRedis::Subscription> SimulatedRedis::Connect() {
  auto subscription = std::make_shared<Subscription>();
  subscriptions_.push_back(subscription);
  return subscription;
}

void SimulatedRedis::Subscribe(const std::shared_ptr<Subscription>& subscription,
                               const std::string& channel, std::uint64_t serial) {
  if (!subscription->is_open) return;
  if (broken_.covered) {
    // Confirmed now, and in effect later.
    time_.After(time_.Between(0, 1),
                [subscription, channel] { subscription->channels.insert(channel); });
  } else {
    subscription->channels.insert(channel);
  }
  subscription->last_arrival = std::max(subscription->last_arrival, time_.now() + time_.Latency());
  time_.After(subscription->last_arrival - time_.now(), [subscription, serial] {
    if (subscription->is_open) subscription->on_confirm(serial);
  });
}

void SimulatedRedis::Unsubscribe(const std::shared_ptr<Subscription>& subscription,
                                 const std::string& channel) {
  subscription->channels.erase(channel);
}

void SimulatedRedis::Cut(const std::shared_ptr<Subscription>& subscription) {
  if (!subscription->is_open) return;
  subscription->is_open = false;
  std::erase(subscriptions_, subscription);
  time_.After(time_.Between(0, 0.6), [subscription] { subscription->on_end(); });
}

void SimulatedRedis::Send(const std::string& channel, const EventNumber& number,
                          const std::string& payload) {
  for (const auto& subscription : subscriptions_) {
    if (!subscription->channels.contains(channel)) continue;
    subscription->last_arrival =
        std::max(subscription->last_arrival, time_.now() + time_.Latency());
    time_.After(subscription->last_arrival - time_.now(), [subscription, channel, number, payload] {
      if (subscription->is_open) subscription->on_message(channel, number, payload);
    });
  }
}

EventNumber SimulatedRedis::PublishEvent(const std::string& channel, const std::string& payload,
                                         int uid, bool is_ephemeral) {
  const EventNumber number = NextNumber();
  truth_[uid] = {channel, number, EpochIndex(number), is_ephemeral};
  order_.push_back(uid);
  data_.known = order_.size();
  if (!is_ephemeral) {
    Channel& kept = data_.channels[channel];
    kept.entries.push_back({number, payload});
    while (kept.entries.size() > static_cast<std::size_t>(options_.standard.events_max)) {
      kept.trimmed_to = kept.entries.front().number.sequence;
      kept.entries.pop_front();
    }
  }
  Send(channel, number, payload);
  // A copy now and then, as a disk or another Redis has it.
  if (copies_.empty() || time_.now() - copies_.back().first > absl::Milliseconds(300)) {
    copies_.emplace_back(time_.now(), data_);
    if (copies_.size() > 5) copies_.pop_front();
  }
  return number;
}

EventNumber SimulatedRedis::ChangeRecord(const std::string& client_id, const RecordChange& change) {
  const EventNumber number = NextNumber();
  std::shared_ptr<const Record>& kept = data_.records[client_id];
  auto record = std::make_shared<Record>(*ApplyChange(kept.get(), change));
  SetNumber(*record, number);
  if (broken_.join) {
    for (auto& [group, since] : record->groups) since.sequence = 0;
  }
  kept = record;
  for (const auto* groups : {&change.join, &change.leave}) {
    for (const std::string& group : *groups) {
      assigned_.emplace(client_id, group);
      NoteAssignment(client_id, group, number.sequence);
    }
  }
  Send(ClientChannel(client_id), number, EncodeRecordChange(*record, change.join, "nobody"));
  return number;
}

void SimulatedRedis::Report() {
  Send("replicas", NextNumber(), "");
}

HistoryRead SimulatedRedis::Read(const HistoryQuery& query) {
  CheckRun();
  HistoryRead read;
  if (data_.last.sequence == 0) NextNumber();
  read.last = data_.last;
  read.complete_to = read.last.sequence;
  read.time_us = TimeUs();
  const std::uint64_t expired_to =
      TimeUs() - static_cast<std::uint64_t>(absl::ToInt64Microseconds(options_.standard.age_max));
  for (const HistorySpan& span : query.spans) {
    ChannelHistory& history = read.channels.emplace_back();
    const Channel& kept = data_.channels[span.channel];
    history.trimmed_to = broken_.trimmed ? 0 : kept.trimmed_to;
    history.expired_to = broken_.trimmed ? 0 : expired_to;
    for (const HistoryEntry& entry : kept.entries) {
      const std::uint64_t sequence = entry.number.sequence;
      if (sequence > span.after && sequence > expired_to) history.entries.push_back(entry);
    }
  }
  CutToPage(read, query.bytes_max);
  for (const std::string& client_id : query.client_ids) {
    read.records.push_back(broken_.records ? nullptr : data_.records[client_id]);
  }
  return read;
}

void SimulatedRedis::Restart(Loss loss, absl::Duration downtime) {
  if (!is_up_) return;
  is_up_ = false;
  const std::vector<std::shared_ptr<Subscription>> open = subscriptions_;
  for (const auto& subscription : open) Cut(subscription);
  if (loss == Loss::kEverything) data_ = Data();
  if (loss == Loss::kTheNewest && !copies_.empty()) data_ = copies_.front().second;
  copies_.clear();
  for (std::size_t i = data_.known; i < order_.size(); ++i) truth_[order_[i]].is_lost = true;
  data_.known = order_.size();
  time_.After(downtime, [this] {
    ++run_;
    is_up_ = true;
  });
}

}  // namespace sluice::tests
