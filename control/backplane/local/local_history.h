#pragma once

#include <absl/container/node_hash_map.h>

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>

#include "control/backplane/history/history.h"
#include "edge/base/clock.h"

namespace sluice {

// What is kept for resume in process.
// Owner:  the local backplane.
// Thread: its.
// Limits: those of the options for each channel; kBytesMax for all together, beyond which the
//         channels that were published to longest ago are forgotten. A channel is forgotten too
//         when nothing was published to it for its age.
class LocalHistory {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{256} << 20;

  LocalHistory(HistoryOptions options, const Clock& clock);

  // Numbers grow with each call.
  void Add(const std::string& channel, const EventNumber& number, std::string_view payload);

  HistoryRead Read(const HistoryQuery& query, const EventNumber& last);

  std::size_t size_bytes() const { return bytes_; }

 private:
  struct Channel {
    const std::string* name = nullptr;
    std::deque<HistoryEntry> entries;
    std::size_t bytes = 0;
    std::uint64_t trimmed_to = 0;
    absl::Time last_publish;
    absl::Duration age_max;
    std::list<Channel*>::iterator place;  // In by_publish_.
  };

  Channel& FindOrMake(const std::string& channel);
  void DropFirst(Channel& channel);
  void DropExpired();
  void Forget(Channel& channel);
  ChannelHistory ReadChannel(const HistorySpan& span);

  const HistoryOptions options_;
  const Clock& clock_;
  std::size_t bytes_ = 0;
  // Of channels that are not in the map any more: what was cut of any of them.
  std::uint64_t forgotten_to_ = 0;
  absl::node_hash_map<std::string, Channel> channels_;
  std::list<Channel*> by_publish_;  // The one published to longest ago is first.
};

}  // namespace sluice
