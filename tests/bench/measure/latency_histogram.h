#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

// Latencies in nanoseconds with a relative error of under 2 %, small enough to be sent between
// processes.
class LatencyHistogram {
 public:
  LatencyHistogram();

  void Add(std::int64_t nanoseconds);
  void Merge(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  std::int64_t max() const { return max_; }

  // The latency that `share` (0 to 1) of all do not exceed; 0 when there are none.
  std::int64_t Quantile(double share) const;

  // One line without spaces, and back.
  std::string Serialize() const;
  static LatencyHistogram Parse(const std::string& text);

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace sluice::bench
