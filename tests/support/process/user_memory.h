#pragma once

#include <absl/strings/str_cat.h>
#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace sluice::tests {

// Bytes of anonymous memory that a process holds (/proc, RssAnon); 0 when it is gone.
inline std::int64_t UserMemoryBytes(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  while (status >> word) {
    if (word != "RssAnon:") continue;
    std::int64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

}  // namespace sluice::tests
