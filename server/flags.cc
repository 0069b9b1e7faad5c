#include "server/flags.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace sluice {
namespace {

constexpr char kAddresses[] = "Addresses";
constexpr char kStreams[] = "Streams";
constexpr char kLimits[] = "Limits";
constexpr char kDoors[] = "Who gets in";
constexpr char kHistory[] = "Resume";
constexpr char kCluster[] = "Cluster";
constexpr char kProcess[] = "Process";

// Adds flags with a value, under this heading of the help.
auto AdderTo(CLI::App& parser, const char* heading) {
  return [&parser, heading](const char* name, auto& value, const char* help) {
    return parser.add_option(name, value, help)->capture_default_str()->group(heading);
  };
}

void AddStreamFlags(CLI::App& parser, FlagValues& values) {
  const auto add_address = AdderTo(parser, kAddresses);
  const auto add = AdderTo(parser, kStreams);
  add_address("--http", values.http, "ADDRESS:PORT of event streams");
  add_address("--grpc", values.grpc, "ADDRESS:PORT of the gRPC API");
  add_address("--admin", values.admin, "ADDRESS:PORT of /healthz, /readyz and /metrics");
  add("--heartbeat", values.heartbeat, "Silence after which a comment line goes out");
  add("--heartbeat-event", values.heartbeat_event,
      "Send heartbeats as events of this name instead");
  add("--retry", values.retry, "Base of the reconnection time; each stream gets 50 to 150 % of it");
  add("--max-stream-age", values.stream_age_max,
      "Age at which streams are told to come back, 80 to 100 % of it each; 0: any age");
  add("--capture-header", values.captured_headers,
      "Name of a request header that callers are shown of a stream; may be given several times");
  add("--record-ttl", values.record_ttl, "How long a client's metadata is kept after its last use");
}

void AddLimitFlags(CLI::App& parser, FlagValues& values) {
  const auto add = AdderTo(parser, kLimits);
  add("--max-connections", values.connections_max,
      "Most streams at a time (default: from the limit of open files)");
  add("--max-per-ip", values.per_ip_max, "Most streams of one address (IPv6: of a /64); 0: any");
  add("--max-per-client", values.per_client_max, "Most streams of one client; 0: any");
  add("--per-client-overflow", values.per_client_overflow,
      "What happens to a client's stream over it: `replace` (its oldest ends) or `refuse`");
  add("--max-per-group", values.per_group_max, "Most streams that ask for one group; 0: any");
  add("--max-connect-rate", values.connect_rate_max, "Most streams that begin in a second; 0: any");
  add("--max-publish-rate", values.publish_rate_max,
      "Most events that one gRPC caller publishes in a second; 0: any");
  add("--trusted-proxy", values.trusted_proxies,
      "Address or range of proxies whose X-Forwarded-For is believed; may be given several times");
  add("--overload-response", values.overload_response,
      "How a stream over a limit is answered: `retry` (browsers come back) or `503`");
  add("--outbox-bytes", values.outbox_bytes,
      "What may wait for one slow stream before --slow-consumer says what happens");
  add("--outbox-total-bytes", values.outbox_total_bytes,
      "What may wait for all of them; bytes or a share of the memory limit");
  add("--slow-consumer", values.slow_consumer,
      "What happens to a stream that is full: `disconnect`, `drop-oldest` or `drop-newest`");
  add("--write-timeout", values.write_timeout, "A stream that takes nothing for so long is ended");
}

void AddDoorFlags(CLI::App& parser, FlagValues& values) {
  const auto add = AdderTo(parser, kDoors);
  add("--jwt-hs256-file", values.jwt_hs256_file,
      "File with the secret that tokens (JWT, HS256) are checked with");
  add("--jwks-file", values.jwks_file, "File with the public keys of tokens, as a JWK Set");
  add("--jwks-url", values.jwks_url,
      "Where the public keys of tokens are fetched, again and again");
  add("--jwt-issuer", values.jwt_issuer, "The `iss` that tokens must have");
  add("--jwt-audience", values.jwt_audience, "The `aud` that tokens must have");
  add("--auth-url", values.auth_url,
      "Webhook that is asked about each stream, with its headers; tokens then guard gRPC alone");
  add("--tokens-file", values.tokens_file,
      "File (TOML) with the tokens and client certificates that gRPC callers may use");
  add("--tls-cert", values.tls_cert, "File (PEM) with the certificate chain of the streams' port");
  add("--tls-key", values.tls_key, "File (PEM) with its key");
  add("--grpc-tls-cert", values.grpc_tls_cert,
      "File (PEM) with the certificate chain of the gRPC port");
  add("--grpc-tls-key", values.grpc_tls_key, "File (PEM) with its key");
  add("--grpc-client-ca", values.grpc_client_ca,
      "File (PEM) with the authorities whose client certificates gRPC takes");
  parser
      .add_flag("--grpc-reflection", values.has_grpc_reflection,
                "Serve gRPC reflection although callers have to authenticate")
      ->group(kDoors);
}

void AddHistoryFlags(CLI::App& parser, FlagValues& values) {
  const auto add = AdderTo(parser, kHistory);
  add("--history-size", values.history_size,
      "Events of each channel that are kept for streams that come back; 0: none");
  add("--history-age", values.history_age, "How long they are kept");
  add("--history-bytes", values.history_bytes, "How large a channel's may be together");
  parser
      .add_option("--history", values.history,
                  "PREFIX=SIZE,AGE for groups that begin so (or `client:`, `all`); repeatable")
      ->take_all()
      ->group(kHistory);
  add("--resume-cache-bytes", values.resume_cache_bytes,
      "Memory for the newest events, from which most streams resume");
}

void AddClusterFlags(CLI::App& parser, FlagValues& values) {
  const auto add = AdderTo(parser, kCluster);
  add("--redis-url", values.redis_url,
      "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], redis+sentinel://HOST,HOST/SERVICE or "
      "redis+cluster://HOST,HOST; rediss: with TLS; without it this is the only replica");
  add("--redis-tls-ca", values.redis_tls_ca,
      "File (PEM) with the authorities of Redis's certificate (default: the system's)");
  add("--redis-tls-cert", values.redis_tls_cert,
      "File (PEM) with the certificate chain that Redis is shown");
  add("--redis-tls-key", values.redis_tls_key, "File (PEM) with its key");
  add("--redis-prefix", values.redis_prefix, "What keys and channels in Redis begin with");
  add("--replica-id", values.replica_id,
      "Name of this process in the cluster (default: host name and a random suffix)");
  parser
      .add_flag("--ready-needs-redis", values.ready_needs_redis,
                "/readyz says 503 while Redis is away; browsers that meet 503 never come back")
      ->group(kCluster);
}

void AddProcessFlags(CLI::App& parser, FlagValues& values) {
  parser
      .add_flag("--insecure", values.insecure,
                "Serve `http`, `grpc` or (bare) both on any address without authentication")
      ->group(kDoors);
  parser
      .add_option("--cors-origin", values.cors_origins,
                  "Origin whose pages may read streams, or `*`; repeatable")
      ->take_all()
      ->group(kDoors);
  const auto add = AdderTo(parser, kProcess);
  add("--shutdown-delay", values.shutdown_delay,
      "How long SIGTERM lets streams go on while load balancers take this replica out");
  add("--drain", values.drain, "Time over which streams are ended after that, evenly");
  add("--shards", values.shards, "Threads that hold streams (default: one a core)");
  add("--log-level", values.log_level, "trace, debug, info, warn, error or off");
  add("--log-format", values.log_format, "text or json (default: text on a terminal, else json)");
  parser
      .add_flag("--check", values.checks,
                "Ask the server with this --admin whether it is alive; exit 0 or 1")
      ->group(kProcess)
      ->configurable(false);
  parser
      .add_option("--check-url", values.check_url,
                  "What --check asks instead, such as http://host:9090/readyz")
      ->group(kProcess)
      ->configurable(false);
  parser.add_flag("--print-config", values.prints_config, "Print the resulting configuration")
      ->configurable(false)
      ->group(kProcess);
}

bool IsConfigurable(const CLI::Option& option) {
  return option.get_configurable() && !option.get_lnames().empty();
}

std::string Quoted(const std::string& text) {
  return boost::json::serialize(boost::json::string(text));
}

}  // namespace

std::unique_ptr<CLI::App> MakeFlagParser(FlagValues& values, bool has_config_file) {
  auto parser = std::make_unique<CLI::App>(
      "Sluice: server-sent events for browsers, controlled over gRPC.", "sluice");
  parser->set_version_flag("--version", SLUICE_VERSION);
  parser->get_option("--version")->configurable(false);
  AddStreamFlags(*parser, values);
  AddLimitFlags(*parser, values);
  AddHistoryFlags(*parser, values);
  AddDoorFlags(*parser, values);
  AddClusterFlags(*parser, values);
  AddProcessFlags(*parser, values);
  if (has_config_file) {
    parser->set_config("--config", "", "File of `flag = value` lines (TOML)");
  } else {
    parser->add_option("--config")->configurable(false);
  }
  parser->allow_config_extras(CLI::config_extras_mode::error);
  parser->footer(
      "Each flag may also be set by the environment (--max-connections as SLUICE_MAX_CONNECTIONS)\n"
      "or in the --config file (max-connections = 5000). Flags win over the environment, which\n"
      "wins over the file.");
  return parser;
}

std::vector<std::string> FlagNames(const CLI::App& parser) {
  std::vector<std::string> names;
  for (const CLI::Option* option : parser.get_options()) {
    if (IsConfigurable(*option)) names.push_back(option->get_lnames().front());
  }
  return names;
}

std::string PrintFlags(const CLI::App& parser, const std::map<std::string, std::string>& resolved) {
  std::string text;
  for (const CLI::Option* option : parser.get_options()) {
    if (!IsConfigurable(*option)) continue;
    const std::string& name = option->get_lnames().front();
    std::vector<std::string> values = option->results();
    const bool is_list = option->get_items_expected_max() > 1;
    if (const auto found = resolved.find(name); found != resolved.end()) {
      values = {found->second};
    } else if (values.empty() && !is_list) {
      // CLI11 reads an empty value of a flag as if it were set.
      const bool is_flag = option->get_items_expected_max() == 0;
      values = {is_flag ? "false" : option->get_default_str()};
    }
    if (values.empty()) {  // CLI11 takes no empty list.
      absl::StrAppend(&text, "# ", name, " = []\n");
      continue;
    }
    std::vector<std::string> quoted;
    for (const std::string& value : values) quoted.push_back(Quoted(value));
    const std::string joined = absl::StrJoin(quoted, ", ");
    absl::StrAppend(&text, name, " = ", is_list ? absl::StrCat("[", joined, "]") : joined, "\n");
  }
  return text;
}

}  // namespace sluice
