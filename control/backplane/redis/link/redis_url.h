#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct RedisAddress {
  std::string host;
  std::uint16_t port = 0;

  // HOST:PORT, an IPv6 address in brackets.
  std::string Text() const;
};

// Where a Redis is and how to get in (the `redis` and `rediss` schemes of IANA's provisional URI
// schemes, and ours for several servers).
struct RedisUrl {
  enum class Kind { kServer, kSentinel, kCluster };
  Kind kind = Kind::kServer;
  bool has_tls = false;
  // Of the server, of Sentinels, or of some nodes of the cluster.
  std::vector<RedisAddress> addresses;
  std::string service;  // kSentinel: what Sentinels call the master.
  std::string user;     // Empty: the default user.
  std::string password;
  int database = 0;

  // The addresses, for logs.
  std::string Hosts() const;
};

// Reads one of the forms below, percent-encoded where needed; `rediss` instead of `redis`: with
// TLS.
//   redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
//   redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT],…/SERVICE[/DATABASE]
//   redis+cluster://[[USER]:PASSWORD@]HOST[:PORT],…
// Errors: INVALID_ARGUMENT, which shows the right form and never a part of a password.
absl::StatusOr<RedisUrl> ParseRedisUrl(std::string_view text);

// The URL with its password replaced by `***`, for printing. A text that does not parse is masked
// whole.
std::string MaskRedisUrl(std::string_view text);

}  // namespace sluice
