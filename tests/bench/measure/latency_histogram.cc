#include "tests/bench/measure/latency_histogram.h"

#include <absl/numeric/bits.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

namespace sluice::bench {
namespace {

// 64 buckets a power of two.
constexpr int kSubBits = 6;
constexpr std::size_t kBuckets = std::size_t{64} << kSubBits;

std::size_t BucketOf(std::int64_t nanoseconds) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 1));
  const int power = 63 - absl::countl_zero(value);
  if (power <= kSubBits) return value;
  const int shift = power - kSubBits;
  return (static_cast<std::size_t>(shift) << kSubBits) + (value >> shift);
}

std::int64_t UpperEdge(std::size_t bucket) {
  if (bucket < (std::size_t{2} << kSubBits)) return static_cast<std::int64_t>(bucket);
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::size_t mantissa = bucket - (shift << kSubBits);
  return static_cast<std::int64_t>((mantissa + 1) << shift) - 1;
}

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(kBuckets) {}

void LatencyHistogram::Add(std::int64_t nanoseconds) {
  ++buckets_[BucketOf(nanoseconds)];
  ++count_;
  max_ = std::max(max_, nanoseconds);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::int64_t LatencyHistogram::Quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen > 0 && seen >= wanted) return std::min(UpperEdge(i), max_);
  }
  return 0;
}

std::string LatencyHistogram::Serialize() const {
  std::string text = absl::StrCat(max_);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (buckets_[i] > 0) absl::StrAppend(&text, ",", i, ":", buckets_[i]);
  }
  return text;
}

LatencyHistogram LatencyHistogram::Parse(const std::string& text) {
  LatencyHistogram histogram;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> pair = absl::StrSplit(part, ':');
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    static_cast<void>(absl::SimpleAtoi(pair[0], &first));
    if (pair.size() == 1) {
      histogram.max_ = static_cast<std::int64_t>(first);
    } else if (absl::SimpleAtoi(pair[1], &second) && first < kBuckets) {
      histogram.buckets_[first] += second;
      histogram.count_ += second;
    }
  }
  return histogram;
}

}  // namespace sluice::bench
