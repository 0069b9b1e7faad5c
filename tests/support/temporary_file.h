#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "edge/base/check.h"

namespace sluice::tests {

// A file that is gone when it ends.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& contents) {
    const char* folder = std::getenv("TMPDIR");
    path_ = std::string(folder == nullptr ? "/tmp" : folder) + "/sluice_test_XXXXXX";
    const int fd = mkstemp(path_.data());
    SLUICE_CHECK(fd >= 0);
    close(fd);
    Replace(contents);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // In one step, so that nobody reads half of it.
  void Replace(const std::string& contents) {
    const std::string next = path_ + ".next";
    std::ofstream(next, std::ios::binary) << contents;
    SLUICE_CHECK(std::rename(next.c_str(), path_.c_str()) == 0);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sluice::tests
