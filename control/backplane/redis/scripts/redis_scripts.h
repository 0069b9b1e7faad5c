#pragma once

#include <string>
#include <vector>

namespace sluice {

// The scripts that change more than one thing at once, in the order of RedisScripts().
enum class RedisScript {
  kPublish,
  kChangeRecord,
  kDeleteRecord,
  kBlockClient,
  kReadBlocked,
  kReport,
  kLeave,
  kReadHistory
};

// Their texts: `scripts/*.lua`, each behind what they share (`scripts/number.lua`). `is_sharded`:
// for sharded pub/sub.
std::vector<std::string> RedisScripts(bool is_sharded);

}  // namespace sluice
