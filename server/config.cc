#include "server/config.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <thread>

#include "edge/http/acceptor.h"
#include "edge/names/random_id.h"
#include "edge/names/text_rules.h"
#include "edge/sse/event_rules.h"
#include "server/check/check.h"
#include "server/flag_reader.h"
#include "server/flag_value.h"
#include "server/flags.h"
#include "server/limits/limit_flags.h"
#include "server/resume/history_flags.h"

namespace sluice {
namespace {

constexpr int kShardsMax = 256;
constexpr std::size_t kPublishRateMax = 100'000'000;
std::string HostName() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0) return "replica";
  return name;
}

// A scheme, a host and perhaps a port, as browsers send it (RFC 6454 "Serializing Origins").
bool IsOrigin(const std::string& text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string::npos || scheme_end == 0) return false;
  const std::string host = text.substr(scheme_end + 3);
  return !host.empty() && host.find_first_of("/?#@ ") == std::string::npos;
}

// The name of a header in lower case. Credentials are shown to nobody.
absl::StatusOr<std::string> ParseCapturedHeader(const std::string& text) {
  const bool is_token =
      !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char character) {
        return absl::ascii_isalnum(character) ||
               absl::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(character)) !=
                   absl::string_view::npos;
      });
  if (!is_token) {
    return absl::InvalidArgumentError(
        absl::StrCat("is `", text, "`; expected the name of a header, such as X-Request-Id"));
  }
  std::string name = absl::AsciiStrToLower(text);
  if (name == "authorization" || name == "cookie" || name == "proxy-authorization") {
    return absl::InvalidArgumentError(
        absl::StrCat("is `", text, "`, which carries credentials; callers are never shown those"));
  }
  return name;
}

void ReadEdge(const FlagValues& values, FlagReader& reader, EdgeOptions& edge) {
  edge.http = reader.Take("http", ParseEndpoint(values.http));
  edge.shards = static_cast<int>(
      values.shards.empty()
          ? std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kShardsMax)
          : reader.Number("shards", values.shards, 1, kShardsMax));
  edge.replica_id =
      values.replica_id.empty() ? absl::StrCat(HostName(), "-", RandomId(6)) : values.replica_id;
  if (const absl::Status name = CheckName(edge.replica_id); !name.ok()) {
    reader.Fail("replica-id", name.message());
  }
  edge.heartbeat =
      reader.DurationFrom("heartbeat", values.heartbeat, absl::Milliseconds(100), absl::Hours(1));
  edge.heartbeat_event = values.heartbeat_event;
  if (const absl::Status name = CheckEventName(edge.heartbeat_event); !name.ok()) {
    reader.Fail("heartbeat-event", name.message());
  }
  // Jitter takes it to half as much again, which must stay inside the limits of the field.
  edge.reconnection_time = reader.DurationFrom("retry", values.retry, kReconnectionTimeMin * 2,
                                               kReconnectionTimeMax / 2);
  edge.stream_age_max = reader.DurationFrom("max-stream-age", values.stream_age_max,
                                            absl::ZeroDuration(), absl::Hours(24 * 365));
  for (const std::string& name : values.captured_headers) {
    edge.captured_headers.push_back(reader.Take("capture-header", ParseCapturedHeader(name)));
  }
  ReadLimitFlags(values, reader, edge);
  edge.cors_origins = values.cors_origins;
  for (const std::string& origin : edge.cors_origins) {
    if (origin == "*" ? edge.cors_origins.size() > 1 : !IsOrigin(origin)) {
      reader.Fail("cors-origin", absl::StrCat("is `", origin,
                                              "`; expected origins such as https://app.example, "
                                              "without a path, or `*` alone"));
    }
  }
}

void ReadCluster(const FlagValues& values, FlagReader& reader, Config& config) {
  config.redis_prefix = values.redis_prefix;
  config.ready_needs_redis = values.ready_needs_redis;
  if (const absl::Status prefix = CheckName(values.redis_prefix); !prefix.ok()) {
    reader.Fail("redis-prefix", prefix.message());
  }
  config.redis_tls = {values.redis_tls_ca, values.redis_tls_cert, values.redis_tls_key};
  if (values.redis_tls_cert.empty() != values.redis_tls_key.empty()) {
    reader.Fail(values.redis_tls_cert.empty() ? "redis-tls-key" : "redis-tls-cert",
                "needs --redis-tls-cert and --redis-tls-key together");
  }
  if (!values.redis_url.empty()) {
    config.redis = reader.Take("redis-url", ParseRedisUrl(values.redis_url));
    const bool is_cluster = config.redis->kind == RedisUrl::Kind::kCluster;
    if (is_cluster && values.redis_prefix.find_first_of("{}") != std::string::npos) {
      reader.Fail("redis-prefix",
                  "has a brace; in a cluster the whole prefix becomes the hash tag of all keys");
    }
    if (!config.redis->has_tls && !(values.redis_tls_ca.empty() && values.redis_tls_cert.empty())) {
      reader.Fail("redis-url",
                  "has no TLS, for which there are --redis-tls-… files; expected a "
                  "scheme that begins with `rediss`");
    }
  } else if (values.ready_needs_redis) {
    reader.Fail("ready-needs-redis", "is set without --redis-url");
  }
}

void ReadLog(const FlagValues& values, FlagReader& reader, Config& config) {
  const bool is_level_known = values.log_level == "trace" || values.log_level == "debug" ||
                              values.log_level == "info" || values.log_level == "warn" ||
                              values.log_level == "error" || values.log_level == "off";
  if (is_level_known) {
    config.log_level = spdlog::level::from_str(values.log_level);
  } else {
    reader.Fail("log-level", absl::StrCat("is `", values.log_level,
                                          "`; expected trace, debug, info, warn, error or off"));
  }
  if (values.log_format.empty()) {
    config.log_format = isatty(STDERR_FILENO) == 1 ? LogFormat::kText : LogFormat::kJson;
  } else if (values.log_format == "json") {
    config.log_format = LogFormat::kJson;
  } else if (values.log_format != "text") {
    reader.Fail("log-format",
                absl::StrCat("is `", values.log_format, "`; expected `text` or `json`"));
  }
}

// `doors`: the flags that would guard the port.
void RefuseToBeOpen(const char* port, const boost::asio::ip::address& address, const char* doors,
                    FlagReader& reader) {
  if (address.is_loopback()) return;
  reader.Fail(port, absl::StrCat("is ", address.to_string(),
                                 ", which other machines can reach, and anybody there would get "
                                 "in without authentication; expected ",
                                 doors, ", a loopback address such as 127.0.0.1, or --insecure=",
                                 port, " to allow it"));
}

// The value of --insecure that a configuration file takes for this.
std::string InsecureText(const Config& config) {
  if (config.is_http_insecure) return config.is_grpc_insecure ? "true" : "http";
  return config.is_grpc_insecure ? "grpc" : "false";
}

void ReadDoors(const FlagValues& values, FlagReader& reader, Config& config) {
  for (const std::string& value : values.insecure) {
    for (const absl::string_view door : absl::StrSplit(value, ',')) {
      if (door == "false") continue;
      const bool is_both = door == "true";  // What CLI11 makes of no value.
      if (!is_both && door != "http" && door != "grpc") {
        reader.Fail("insecure",
                    absl::StrCat("is `", door, "`; expected `http`, `grpc` or no value"));
      }
      config.is_http_insecure |= is_both || door == "http";
      config.is_grpc_insecure |= is_both || door == "grpc";
    }
  }
  const auto grpc = reader.Take("grpc", ParseEndpoint(values.grpc));
  reader.Take("admin", ParseEndpoint(values.admin));
  config.grpc = absl::StartsWith(values.grpc, "localhost:")
                    ? absl::StrReplaceAll(values.grpc, {{"localhost:", "127.0.0.1:"}})
                    : values.grpc;
  config.admin = values.admin;
  if (!reader.status().ok()) return;
  // A port that asks who comes is not open, whatever --insecure allows.
  config.is_http_insecure &= !config.doors.guards_streams();
  config.is_grpc_insecure &= !config.doors.guards_callers();
  if (!config.is_http_insecure && !config.doors.guards_streams()) {
    RefuseToBeOpen("http", config.edge.http.address(),
                   "--jwt-hs256-file, --jwks-file, --jwks-url, --auth-url", reader);
  }
  if (!config.is_grpc_insecure && !config.doors.guards_callers()) {
    RefuseToBeOpen("grpc", grpc.address(),
                   "--tokens-file, --grpc-client-ca, --jwt-hs256-file, --jwks-file, --jwks-url",
                   reader);
  }
}

absl::StatusOr<Config> CheckFlags(const FlagValues& values) {
  FlagReader reader;
  Config config;
  ReadEdge(values, reader, config.edge);
  config.publish_rate_max = static_cast<double>(
      reader.Number("max-publish-rate", values.publish_rate_max, 0, kPublishRateMax));
  config.record_ttl =
      reader.DurationFrom("record-ttl", values.record_ttl, absl::Seconds(1), absl::Hours(24 * 365));
  config.shutdown_delay = reader.DurationFrom("shutdown-delay", values.shutdown_delay,
                                              absl::ZeroDuration(), absl::Hours(1));
  config.drain = reader.DurationFrom("drain", values.drain, absl::ZeroDuration(), absl::Hours(1));
  ReadCluster(values, reader, config);
  const auto history = ReadHistoryFlags(values);
  if (!history.ok()) return history.status();
  config.history = history->history;
  config.resume_cache_bytes_max = history->resume_cache_bytes_max;
  ReadLog(values, reader, config);
  auto doors = ReadDoorOptions(values);
  if (!doors.ok()) return doors.status();
  config.doors = *std::move(doors);
  config.has_grpc_reflection = values.has_grpc_reflection || !config.doors.guards_callers();
  ReadDoors(values, reader, config);
  if (!reader.status().ok()) return reader.status();
  return config;
}

// The SLUICE_* variables of flags that the command line leaves out, as arguments. A list's entries
// are separated by commas.
std::vector<std::string> EnvironmentArguments(const CLI::App& parsed) {
  std::vector<std::string> arguments;
  for (const std::string& name : FlagNames(parsed)) {
    const std::string variable =
        absl::StrCat("SLUICE_", absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}})));
    const char* value = std::getenv(variable.c_str());
    const CLI::Option* option = parsed.get_option("--" + name);
    // Deployments leave a variable empty that they have no value for.
    if (value == nullptr || *value == '\0' || option->count() > 0) continue;
    if (option->get_items_expected_max() <= 1) {
      arguments.push_back(absl::StrCat("--", name, "=", value));
      continue;
    }
    // Entries of --history have commas inside.
    const char separator = name == "history" ? ';' : ',';
    for (absl::string_view part : absl::StrSplit(value, separator, absl::SkipWhitespace())) {
      arguments.push_back(absl::StrCat("--", name, "=", absl::StripAsciiWhitespace(part)));
    }
  }
  return arguments;
}

// CLI11 names what it did not expect; this adds what was probably meant.
absl::Status ExplainError(const CLI::ParseError& error, const CLI::App& parser,
                          const std::vector<std::string>& arguments) {
  std::string message = error.what();
  const std::vector<std::string> known = FlagNames(parser);
  const auto is_unknown = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) == known.end();
  };
  const int code = error.get_exit_code();
  if (code == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    for (const std::string& argument : arguments) {
      const std::string name = argument.substr(0, argument.find('='));
      if (name.rfind("--", 0) != 0 || !is_unknown(name.substr(2))) continue;
      const std::string nearest = NearestName(name.substr(2), known);
      if (nearest.empty() || nearest == "config" || name == "--config") continue;
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag ", name, "; did you mean --", nearest, "?"));
    }
  } else if (code == static_cast<int>(CLI::ExitCodes::ConfigError)) {
    const std::string key = message.substr(message.rfind(' ') + 1);
    message = absl::StrCat("the configuration file has an unknown key `", key, "`");
    const std::string nearest = NearestName(key, known);
    if (!nearest.empty()) absl::StrAppend(&message, "; did you mean `", nearest, "`?");
  }
  return absl::InvalidArgumentError(absl::StrCat(message, "; see sluice --help"));
}

void Parse(CLI::App& parser, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
  parser.parse(std::move(arguments));
}

}  // namespace

absl::StatusOr<CommandLine> ReadCommandLine(const std::vector<std::string>& arguments) {
  // CLI11 takes it for the bare flag, which opens both ports.
  if (std::find(arguments.begin(), arguments.end(), "--insecure=") != arguments.end()) {
    return absl::InvalidArgumentError(
        "--insecure is given an empty value; expected `http`, `grpc` or no value");
  }
  FlagValues flags_alone;
  const auto first_parser = MakeFlagParser(flags_alone, /*has_config_file=*/false);
  FlagValues values;
  const auto parser = MakeFlagParser(values, /*has_config_file=*/true);
  CommandLine command_line;
  try {
    // CLI11 lets the file win over the environment. So the environment is made arguments of, for
    // those flags that a first reading did not find.
    Parse(*first_parser, arguments);
    std::vector<std::string> all = arguments;
    for (std::string& argument : EnvironmentArguments(*first_parser)) {
      all.push_back(std::move(argument));
    }
    Parse(*parser, all);
  } catch (const CLI::CallForHelp&) {
    return CommandLine{CommandLine::Action::kPrint, parser->help(), {}};
  } catch (const CLI::CallForVersion&) {
    return CommandLine{
        CommandLine::Action::kPrint, absl::StrCat("sluice ", SLUICE_VERSION, "\n"), {}};
  } catch (const CLI::ParseError& error) {
    return ExplainError(error, *parser, arguments);
  }
  if (values.checks) {
    // Before the others: what the server has besides may not be given to who asks it.
    command_line.action = CommandLine::Action::kCheck;
    command_line.check_url = values.check_url;
    if (!values.check_url.empty()) return command_line;
    const auto admin = ParseEndpoint(values.admin);
    if (!admin.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--admin ", admin.status().message()));
    }
    command_line.check_url = HealthUrl(*admin);
    return command_line;
  }
  auto config = CheckFlags(values);
  if (!config.ok()) return config.status();
  command_line.config = *std::move(config);
  if (values.prints_config) {
    const EdgeOptions& edge = command_line.config.edge;
    command_line.action = CommandLine::Action::kPrint;
    command_line.text = PrintFlags(
        *parser,
        {{"redis-url", values.redis_url.empty() ? "" : MaskRedisUrl(values.redis_url)},
         {"replica-id", edge.replica_id},
         {"shards", absl::StrCat(edge.shards)},
         {"max-connections", absl::StrCat(edge.connections_max)},
         {"outbox-total-bytes", absl::StrCat(edge.outbox_total_bytes_max)},
         {"insecure", InsecureText(command_line.config)},
         {"log-format", command_line.config.log_format == LogFormat::kJson ? "json" : "text"}});
  }
  return command_line;
}

}  // namespace sluice
