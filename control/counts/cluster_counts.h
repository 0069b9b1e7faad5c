#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace sluice {

// What a replica's part of the cluster has seen since it started.
struct ClusterCounts {
  std::uint64_t published = 0;      // Messages that were given to the backplane.
  std::uint64_t received = 0;       // Numbered messages that came from it.
  std::uint64_t interruptions = 0;  // How often all subscriptions were void.
  std::uint64_t resumed = 0;        // Streams that came back and got all that they had missed.
  // Gaps that streams were told when they came back, by reason.
  std::map<std::string, std::uint64_t> gaps;
  // Now.
  std::size_t resume_cache_bytes = 0;
  std::size_t replicas = 0;  // Those that are known, this one included.
};

}  // namespace sluice
