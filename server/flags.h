#pragma once

#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

// The flags as they were written, before they are checked.
struct FlagValues {
  std::string http = "127.0.0.1:8080";
  std::string grpc = "127.0.0.1:50051";
  std::string admin = "127.0.0.1:9090";
  std::string redis_url;
  std::string redis_tls_ca;
  std::string redis_tls_cert;
  std::string redis_tls_key;
  std::string redis_prefix = "sluice:";
  std::string replica_id;
  std::string shards;
  std::string heartbeat = "15s";
  std::string heartbeat_event;
  std::string retry = "3s";
  std::string connections_max;
  std::string overload_response = "retry";
  std::string outbox_bytes = "1MiB";
  std::string per_ip_max = "0";
  std::string per_client_max = "0";
  std::string per_client_overflow = "replace";
  std::string per_group_max = "0";
  std::string connect_rate_max = "0";
  std::string publish_rate_max = "0";
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> captured_headers;
  std::string slow_consumer = "disconnect";
  std::string outbox_total_bytes = "25%";
  std::string write_timeout = "20s";
  std::string record_ttl = "24h";
  std::string stream_age_max = "0";
  std::string shutdown_delay = "5s";
  std::string drain = "25s";
  std::string history_size = "256";
  std::string history_age = "5m";
  std::string history_bytes = "1MiB";
  std::vector<std::string> history;
  std::string resume_cache_bytes = "64MiB";
  bool ready_needs_redis = false;
  std::vector<std::string> insecure;
  std::vector<std::string> cors_origins;
  std::string jwt_hs256_file;
  std::string jwks_file;
  std::string jwks_url;
  std::string jwt_issuer;
  std::string jwt_audience;
  std::string auth_url;
  std::string tokens_file;
  std::string tls_cert;
  std::string tls_key;
  std::string grpc_tls_cert;
  std::string grpc_tls_key;
  std::string grpc_client_ca;
  bool has_grpc_reflection = false;
  std::string log_level = "info";
  std::string log_format;
  bool prints_config = false;
  bool checks = false;
  std::string check_url;
};

// A parser that fills `values`, which outlives it. `has_config_file`: reads the --config file too.
std::unique_ptr<CLI::App> MakeFlagParser(FlagValues& values, bool has_config_file);

// The names of all flags that have values, without dashes.
std::vector<std::string> FlagNames(const CLI::App& parser);

// The result as a configuration file that would give it. `resolved`: what flags came to whose
// default depends on the machine.
std::string PrintFlags(const CLI::App& parser, const std::map<std::string, std::string>& resolved);

}  // namespace sluice
