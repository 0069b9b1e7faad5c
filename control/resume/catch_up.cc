#include "control/resume/catch_up.h"

#include <algorithm>

#include "edge/log/log.h"

namespace sluice {

void CatchUp::Start(std::uint64_t after, std::vector<std::string> channels,
                    std::vector<std::string> client_ids, absl::AnyInvocable<void(Missed)> done) {
  after_ = after;
  channels_ = std::move(channels);
  client_ids_ = std::move(client_ids);
  done_ = std::move(done);
  Begin();
}

void CatchUp::Cancel() {
  ++attempt_;
  done_ = nullptr;
}

void CatchUp::Begin() {
  ++attempt_;
  missed_ = {};
  has_cut_ = false;
  next_client_ = next_channel_ = bytes_ = 0;
  page_after_ = after_;
  ReadNext();
}

void CatchUp::ReadNext() {
  HistoryQuery query;
  query.bytes_max = kBytesPerRead;
  if (!has_cut_ || next_client_ < client_ids_.size()) {
    const std::size_t end = std::min(next_client_ + kPerRead, client_ids_.size());
    query.client_ids.assign(client_ids_.begin() + static_cast<std::ptrdiff_t>(next_client_),
                            client_ids_.begin() + static_cast<std::ptrdiff_t>(end));
  } else if (next_channel_ < channels_.size() && !missed_.is_too_much) {
    const std::size_t end = std::min(next_channel_ + kPerRead, channels_.size());
    for (std::size_t i = next_channel_; i < end; ++i) {
      query.spans.push_back({channels_[i], page_after_});
    }
  } else {
    return Finish();
  }
  backplane_.ReadHistory(query, [this, query, attempt = attempt_](auto answer) {
    if (attempt == attempt_) OnRead(query, std::move(answer));
  });
}

void CatchUp::OnRead(const HistoryQuery& query, absl::StatusOr<HistoryRead> answer) {
  // An epoch that changes between two reads makes them two histories.
  const bool is_usable = answer.ok() && (!has_cut_ || answer->last.epoch == missed_.cut.epoch);
  if (is_usable) {
    Take(query, *std::move(answer));
    return ReadNext();
  }
  Log(spdlog::level::debug, "catching up begins anew",
      {{"error", std::string(answer.status().message())}});
  scheduler_.After(kRetryDelay, [this, attempt = attempt_] {
    if (attempt == attempt_) Begin();
  });
}

void CatchUp::Take(const HistoryQuery& query, HistoryRead answer) {
  if (!has_cut_) missed_.cut = answer.last;
  has_cut_ = true;
  missed_.time_us = answer.time_us;
  for (std::size_t i = 0; i < query.client_ids.size(); ++i) {
    missed_.records.emplace_back(query.client_ids[i], std::move(answer.records[i]));
  }
  next_client_ += query.client_ids.size();
  if (query.spans.empty()) return;
  const std::uint64_t cut = missed_.cut.sequence;
  for (std::size_t i = 0; i < query.spans.size(); ++i) {
    ChannelHistory& history = answer.channels[i];
    const std::string& channel = query.spans[i].channel;
    const std::uint64_t gap_to = history.GapTo(query.spans[i].after, answer.last.sequence);
    if (gap_to > 0) missed_.gaps.emplace_back(channel, std::min(gap_to, cut));
    for (HistoryEntry& entry : history.entries) {
      if (entry.number.sequence > cut) break;
      bytes_ += entry.payload.size();
      missed_.events.emplace_back(channel, std::move(entry));
    }
  }
  page_after_ = answer.complete_to;
  if (answer.complete_to >= cut) {
    next_channel_ += query.spans.size();
    page_after_ = after_;
  }
  if (bytes_ <= kBytesMax) return;
  missed_.is_too_much = true;
  missed_.events.clear();
}

void CatchUp::Finish() {
  std::sort(missed_.events.begin(), missed_.events.end(), [](const auto& a, const auto& b) {
    return a.second.number.sequence < b.second.number.sequence;
  });
  std::exchange(done_, nullptr)(std::move(missed_));
}

}  // namespace sluice
