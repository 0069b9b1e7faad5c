#include "control/backplane/history/history_page.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice {

void CutToPage(HistoryRead& read, std::size_t bytes_max) {
  std::size_t total = 0;
  std::vector<std::pair<std::uint64_t, std::size_t>> sizes;  // By sequence number.
  for (const ChannelHistory& channel : read.channels) {
    for (const HistoryEntry& entry : channel.entries) {
      sizes.emplace_back(entry.number.sequence, entry.payload.size());
      total += entry.payload.size();
    }
  }
  if (total <= bytes_max) return;
  std::sort(sizes.begin(), sizes.end());
  std::size_t taken = 0;
  for (const auto& [sequence, size] : sizes) {
    if (taken > 0 && taken + size > bytes_max) break;
    taken += size;
    read.complete_to = sequence;
  }
  for (ChannelHistory& channel : read.channels) {
    const auto is_taken = [&](const HistoryEntry& entry) {
      return entry.number.sequence <= read.complete_to;
    };
    channel.entries.erase(
        std::partition_point(channel.entries.begin(), channel.entries.end(), is_taken),
        channel.entries.end());
  }
}

}  // namespace sluice
