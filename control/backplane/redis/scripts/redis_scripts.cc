#include "control/backplane/redis/scripts/redis_scripts.h"

#include <absl/strings/str_cat.h>
#include <redis_script_texts.inc>

namespace sluice {

std::vector<std::string> RedisScripts(bool is_sharded) {
  const std::string settings =
      absl::StrCat("#!lua\nlocal publish, numsub = ",
                   is_sharded ? "'SPUBLISH', 'SHARDNUMSUB'\n" : "'PUBLISH', 'NUMSUB'\n");
  std::vector<std::string> scripts;
  for (const char* text : {kPublishLua, kChangeRecordLua, kDeleteRecordLua, kBlockClientLua,
                           kReadBlockedLua, kReportLua, kLeaveLua, kReadHistoryLua}) {
    scripts.push_back(absl::StrCat(settings, kNumberLua, text));
  }
  return scripts;
}

}  // namespace sluice
