#include "control/backplane/local/local_history.h"

#include <algorithm>
#include <utility>

#include "control/backplane/history/history_page.h"

namespace sluice {
namespace {

// What an entry costs besides its payload.
constexpr std::size_t kEntryOverheadBytes = 96;

std::size_t CostOf(const HistoryEntry& entry) {
  return entry.payload.size() + kEntryOverheadBytes;
}

}  // namespace

LocalHistory::LocalHistory(HistoryOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

LocalHistory::Channel& LocalHistory::FindOrMake(const std::string& channel) {
  const auto [entry, is_new] = channels_.try_emplace(channel);
  Channel& found = entry->second;
  if (is_new) {
    found.name = &entry->first;
    found.trimmed_to = forgotten_to_;
    found.place = by_publish_.insert(by_publish_.end(), &found);
  } else {
    by_publish_.splice(by_publish_.end(), by_publish_, found.place);
  }
  return found;
}

void LocalHistory::Add(const std::string& channel, const EventNumber& number,
                       std::string_view payload) {
  const Retention& retention = options_.Of(channel);
  if (!retention.is_on()) return;
  DropExpired();
  Channel& kept = FindOrMake(channel);
  kept.last_publish = clock_.Now();
  kept.age_max = retention.age_max;
  kept.entries.push_back({number, std::string(payload)});
  kept.bytes += payload.size();
  bytes_ += CostOf(kept.entries.back());
  const auto is_over = [&] {
    return kept.entries.size() > static_cast<std::size_t>(retention.events_max) ||
           (kept.bytes > options_.bytes_max && kept.entries.size() > 1);
  };
  while (is_over()) DropFirst(kept);
  while (bytes_ > kBytesMax && by_publish_.size() > 1) Forget(*by_publish_.front());
}

void LocalHistory::DropFirst(Channel& channel) {
  const HistoryEntry& first = channel.entries.front();
  channel.trimmed_to = first.number.sequence;
  channel.bytes -= first.payload.size();
  bytes_ -= CostOf(first);
  channel.entries.pop_front();
}

// Ages differ by channel, so one that lives long may hold up others here; they are looked at again
// when they are read.
void LocalHistory::DropExpired() {
  const absl::Time now = clock_.Now();
  while (!by_publish_.empty()) {
    Channel& oldest = *by_publish_.front();
    if (oldest.last_publish + oldest.age_max > now) return;
    while (!oldest.entries.empty()) DropFirst(oldest);
    // What it says is too old to matter: an id of before is older than the age.
    by_publish_.pop_front();
    channels_.erase(*oldest.name);
  }
}

void LocalHistory::Forget(Channel& channel) {
  while (!channel.entries.empty()) DropFirst(channel);
  forgotten_to_ = std::max(forgotten_to_, channel.trimmed_to);
  by_publish_.erase(channel.place);
  channels_.erase(*channel.name);
}

ChannelHistory LocalHistory::ReadChannel(const HistorySpan& span) {
  ChannelHistory history;
  const Retention& retention = options_.Of(span.channel);
  if (!retention.is_on()) return history;
  history.expired_to =
      static_cast<std::uint64_t>(absl::ToUnixMicros(clock_.Now() - retention.age_max));
  history.trimmed_to = forgotten_to_;
  const auto found = channels_.find(span.channel);
  if (found == channels_.end()) return history;
  const Channel& channel = found->second;
  history.trimmed_to = channel.trimmed_to;
  const std::uint64_t after = std::max(span.after, history.expired_to);
  const auto first = std::partition_point(
      channel.entries.begin(), channel.entries.end(),
      [after](const HistoryEntry& entry) { return entry.number.sequence <= after; });
  history.entries.assign(first, channel.entries.end());
  return history;
}

HistoryRead LocalHistory::Read(const HistoryQuery& query, const EventNumber& last) {
  HistoryRead read;
  read.last = last;
  read.complete_to = last.sequence;
  read.time_us = static_cast<std::uint64_t>(absl::ToUnixMicros(clock_.Now()));
  for (const HistorySpan& span : query.spans) read.channels.push_back(ReadChannel(span));
  CutToPage(read, query.bytes_max);
  return read;
}

}  // namespace sluice
