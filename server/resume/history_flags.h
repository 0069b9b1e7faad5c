#pragma once

#include <absl/status/statusor.h>

#include "control/backplane/history/history.h"
#include "server/flags.h"

namespace sluice {

struct HistoryConfig {
  HistoryOptions history;
  std::size_t resume_cache_bytes_max = 0;
};

// What is kept for streams that come back. Errors: INVALID_ARGUMENT, which names the flag, what was
// wrong and what would be right.
absl::StatusOr<HistoryConfig> ReadHistoryFlags(const FlagValues& values);

}  // namespace sluice
