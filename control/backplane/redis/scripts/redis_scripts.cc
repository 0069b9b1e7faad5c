#include "control/backplane/redis/scripts/redis_scripts.h"

#include <redis_script_texts.inc>

namespace sluice {

std::vector<std::string> RedisScripts() {
  std::vector<std::string> scripts;
  for (const char* text : {kPublishLua, kChangeRecordLua, kDeleteRecordLua, kBlockClientLua,
                           kReadBlockedLua, kReportLua, kLeaveLua, kReadHistoryLua}) {
    scripts.push_back(std::string(kNumberLua) + text);
  }
  return scripts;
}

}  // namespace sluice
