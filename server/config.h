#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "control/backplane/history/history.h"
#include "control/backplane/redis/link/redis_tls.h"
#include "control/backplane/redis/link/redis_url.h"
#include "edge/edge_options.h"
#include "edge/log/log.h"
#include "server/door/door_options.h"

namespace sluice {

// Everything that the operator decides, read and checked.
struct Config {
  EdgeOptions edge;
  std::string grpc;   // ADDRESS:PORT
  std::string admin;  // ADDRESS:PORT
  absl::Duration record_ttl;
  absl::Duration shutdown_delay;
  absl::Duration drain;
  HistoryOptions history;
  std::size_t resume_cache_bytes_max = 0;
  DoorOptions doors;
  double publish_rate_max = 0;  // Events a second and gRPC caller; 0: any.
  bool has_grpc_reflection = true;
  std::optional<RedisUrl> redis;  // None: the only replica.
  RedisTlsFiles redis_tls;
  std::string redis_prefix;
  bool ready_needs_redis = false;
  bool is_http_insecure = false;  // Open to other machines without authentication.
  bool is_grpc_insecure = false;
  LogFormat log_format = LogFormat::kText;
  spdlog::level::level_enum log_level = spdlog::level::info;
};

// What the command line asks for.
struct CommandLine {
  enum class Action { kServe, kPrint, kCheck };
  Action action = Action::kServe;
  // kPrint: help, version or configuration, for standard output.
  std::string text;
  // kCheck: what to ask.
  std::string check_url;
  // kServe.
  Config config;
};

// Reads flags, then SLUICE_* environment variables, then the --config file; the first that has a
// key decides. Errors: INVALID_ARGUMENT, which names the flag or key, what was wrong and what would
// be right.
absl::StatusOr<CommandLine> ReadCommandLine(const std::vector<std::string>& arguments);

}  // namespace sluice
