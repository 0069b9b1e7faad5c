#include "tests/support/redis/sentinel.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/eventually.h"
#include "tests/support/redis/redis_command.h"
#include "tests/support/redis/redis_server.h"

namespace sluice::tests {

Sentinel::Sentinel(int master_port, int quorum)
    : port_(FreePort()),
      file_((std::filesystem::temp_directory_path() /
             absl::StrCat("sluice-sentinel-", port_, ".conf"))
                .string()) {
  std::ofstream(file_) << "port " << port_ << "\nbind 127.0.0.1\nprotected-mode no\n"
                       << "sentinel monitor main 127.0.0.1 " << master_port << " " << quorum << "\n"
                       << "sentinel down-after-milliseconds main 1000\n"
                       << "sentinel failover-timeout main 6000\n";
  ProcessOptions options;
  options.program = "redis-server";
  options.arguments = {file_, "--sentinel"};
  process_ = std::make_unique<ChildProcess>(std::move(options));
  EXPECT_TRUE(Eventually([this] { return Command({"PING"}).ok(); }))
      << process_->Printed(ChildProcess::Output::kStandard);
}

Sentinel::~Sentinel() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

absl::StatusOr<std::string> Sentinel::Command(const std::vector<std::string>& arguments) const {
  return RedisCommand(port_, arguments);
}

}  // namespace sluice::tests
