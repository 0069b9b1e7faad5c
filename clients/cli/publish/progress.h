// clients/cli/publish/progress.h
#pragma once

#include <absl/time/time.h>

#include <cstdint>

#include "clients/cli/output/terminal.h"

namespace sluice::cli {

// How far a publish has come.
struct PublishCounts {
  std::int64_t entries = 0;
  std::int64_t failed = 0;
  std::int64_t taken_bytes = 0;
  std::int64_t total_bytes = 0;  // 0: unknown.
};

// A line on stderr that is drawn over itself. Writes nothing where stderr is no terminal.
// Thread: one thread.
class Progress {
 public:
  explicit Progress(const Terminal& terminal) : terminal_(terminal) {}

  // Draws when the last time is long enough ago for a person to see the difference.
  void Update(const PublishCounts& counts, absl::Duration elapsed);

  // Takes the line away, so that something else can be written.
  void Clear();

 private:
  const Terminal& terminal_;
  absl::Duration drawn_at_ = -absl::InfiniteDuration();
  bool is_drawn_ = false;
};

// Entries per second, 0 while no time has passed.
double EntryRate(std::int64_t entries, absl::Duration elapsed);

}  // namespace sluice::cli
