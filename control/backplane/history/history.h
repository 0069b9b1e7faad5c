#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/backplane/record.h"
#include "edge/names/event_number.h"

namespace sluice {

// How much of a channel's events is kept for streams that come back.
struct Retention {
  int events_max = 0;  // 0: nothing is kept.
  absl::Duration age_max;

  bool is_on() const { return events_max > 0; }
};

// What is kept of which channels (--history-size, --history-age, --history-bytes, --history).
struct HistoryOptions {
  Retention standard;
  std::size_t bytes_max = 0;  // Of a channel; the newest event is kept whatever its size.
  // Channels that begin so have their own; the longest prefix counts.
  std::vector<std::pair<std::string, Retention>> by_prefix;

  const Retention& Of(std::string_view channel) const;

  // Whether anything is kept at all.
  bool is_on() const;
};

// A channel's events with sequence numbers above `after` are wanted.
struct HistorySpan {
  std::string channel;
  std::uint64_t after = 0;
};

struct HistoryEntry {
  EventNumber number;
  std::string payload;
};

// What is kept of a channel.
struct ChannelHistory {
  std::vector<HistoryEntry> entries;  // In the order of their numbers.
  // The sequence number of the last event that was cut by size; 0: none was.
  std::uint64_t trimmed_to = 0;
  // What came up to this number may have been cut by age; 0: nothing is kept of this channel.
  std::uint64_t expired_to = 0;

  // The end of what may be missing of the events above `after`, when the cluster's last number is
  // `last`; 0: nothing is [rule "trimmed" of the design].
  std::uint64_t GapTo(std::uint64_t after, std::uint64_t last) const;
};

// Everything in it is of one moment.
struct HistoryRead {
  // The cluster's last number.
  EventNumber last;
  // The entries are those up to this sequence number, which is last's unless there were too many.
  std::uint64_t complete_to = 0;
  // Of the clock that makes the numbers, in microseconds.
  std::uint64_t time_us = 0;
  std::vector<ChannelHistory> channels;  // As asked.
  // Of the clients that were asked for; null: it has none.
  std::vector<std::shared_ptr<const Record>> records;
};

// What is to be read.
struct HistoryQuery {
  std::vector<HistorySpan> spans;
  std::vector<std::string> client_ids;
  // The entries are at most so large together, but at least one is read.
  std::size_t bytes_max = 0;
};

}  // namespace sluice
