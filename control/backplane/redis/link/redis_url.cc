#include "control/backplane/redis/link/redis_url.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice {
namespace {

namespace urls = boost::urls;

constexpr std::uint32_t kPortMax = 65'535;
constexpr int kDatabaseMax = 1'000'000;

struct Form {
  RedisUrl::Kind kind;
  const char* scheme;  // Behind `redis` or `rediss`.
  std::uint16_t port;  // Without one in the URL.
  const char* text;
};
constexpr Form kForms[] = {
    {RedisUrl::Kind::kServer, "", 6379, "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]"},
    {RedisUrl::Kind::kSentinel, "+sentinel", 26379,
     "redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT],…/SERVICE[/DATABASE]"},
    {RedisUrl::Kind::kCluster, "+cluster", 6379, "redis+cluster://[[USER]:PASSWORD@]HOST[:PORT],…"},
};

absl::Status Wrong(absl::string_view what, const Form& form = kForms[0]) {
  return absl::InvalidArgumentError(absl::StrCat(what, "; expected ", form.text));
}

// Of a URL in its parts: SCHEME://[USERINFO@]HOSTS[/PATH].
struct Parts {
  std::string scheme;
  std::string user_info;  // With the `@`.
  std::vector<std::string> hosts;
  std::string path;  // With the `/`.
};

std::optional<Parts> Split(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Parts parts;
  parts.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  parts.path = rest.substr(end);
  rest = rest.substr(0, end);
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) parts.user_info = rest.substr(0, at + 1);
  const std::string_view hosts = at == std::string_view::npos ? rest : rest.substr(at + 1);
  parts.hosts = absl::StrSplit(absl::string_view(hosts.data(), hosts.size()), ',');
  return parts;
}

absl::Status ReadUser(const urls::url_view& url, const Form& form, RedisUrl& redis) {
  if (!url.has_userinfo()) return absl::OkStatus();
  if (!url.has_password()) {
    return Wrong(
        "has one word before the `@`, which could be a user or a password (a password alone is "
        "written `:PASSWORD@`)",
        form);
  }
  redis.user = url.user();
  redis.password = url.password();
  return absl::OkStatus();
}

absl::Status ReadDatabase(absl::string_view text, const Form& form, RedisUrl& redis) {
  if (text.empty()) return absl::OkStatus();
  if (!absl::SimpleAtoi(text, &redis.database) || redis.database < 0 ||
      redis.database > kDatabaseMax) {
    return Wrong("has a path that is no database number", form);
  }
  return absl::OkStatus();
}

absl::Status ReadPath(const urls::url_view& url, const Form& form, RedisUrl& redis) {
  const std::string whole = url.path();
  const absl::string_view path = absl::StripPrefix(whole, "/");
  switch (redis.kind) {
    case RedisUrl::Kind::kServer:
      return ReadDatabase(path, form, redis);
    case RedisUrl::Kind::kCluster:
      if (!path.empty()) return Wrong("has a path, and a cluster has one database", form);
      return absl::OkStatus();
    case RedisUrl::Kind::kSentinel:
      break;
  }
  const std::pair<std::string, std::string> names = absl::StrSplit(path, absl::MaxSplits('/', 1));
  if (names.first.empty()) return Wrong("names no service", form);
  redis.service = names.first;
  return ReadDatabase(names.second, form, redis);
}

absl::Status ReadHost(const urls::url_view& url, const Form& form, RedisUrl& redis) {
  RedisAddress address;
  // An IPv6 address is asked for without its brackets.
  address.host = url.host_type() == urls::host_type::ipv6 ? url.host_address() : url.host();
  if (address.host.empty()) return Wrong("names no host", form);
  address.port = form.port;
  if (url.has_port()) {
    std::uint32_t port = 0;
    if (!absl::SimpleAtoi(std::string(url.port()), &port) || port == 0 || port > kPortMax) {
      return Wrong("has a port that is not 1 to 65535", form);
    }
    address.port = static_cast<std::uint16_t>(port);
  }
  redis.addresses.push_back(std::move(address));
  return absl::OkStatus();
}

// The first of the URL's hosts with all the rest of it.
std::string UrlOfHost(const Parts& parts, const std::string& host) {
  return absl::StrCat("redis://", parts.user_info, host, parts.path);
}

}  // namespace

std::string RedisAddress::Text() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return absl::StrCat(is_v6 ? "[" : "", host, is_v6 ? "]" : "", ":", port);
}

std::string RedisUrl::Hosts() const {
  return absl::StrJoin(addresses, ",", [](std::string* text, const RedisAddress& address) {
    absl::StrAppend(text, address.Text());
  });
}

absl::StatusOr<RedisUrl> ParseRedisUrl(std::string_view text) {
  const auto parts = Split(text);
  if (!parts.has_value()) return Wrong("is no URL");
  RedisUrl redis;
  const Form* form = nullptr;
  for (const Form& one : kForms) {
    redis.has_tls = parts->scheme == absl::StrCat("rediss", one.scheme);
    if (redis.has_tls || parts->scheme == absl::StrCat("redis", one.scheme)) {
      form = &one;
      break;
    }
  }
  if (form == nullptr) {
    return Wrong(
        "has a scheme that is none of redis, redis+sentinel and redis+cluster (rediss: "
        "with TLS)");
  }
  redis.kind = form->kind;
  if (parts->user_info.find('@') + 1 < parts->user_info.size()) {
    return Wrong("has an `@` in its user or password, where it is written `%40`", *form);
  }
  if (redis.kind == RedisUrl::Kind::kServer && parts->hosts.size() > 1) {
    return Wrong("names several hosts", *form);
  }
  for (const std::string& host : parts->hosts) {
    const std::string one = UrlOfHost(*parts, host);
    const auto parsed = urls::parse_uri(one);
    if (parsed.has_error()) return Wrong("is no URL", *form);
    if (parsed->has_query() || parsed->has_fragment()) {
      return Wrong("has a query or a fragment", *form);
    }
    absl::Status status = ReadHost(*parsed, *form, redis);
    if (status.ok()) status = ReadUser(*parsed, *form, redis);
    if (status.ok()) status = ReadPath(*parsed, *form, redis);
    if (!status.ok()) return status;
  }
  return redis;
}

std::string MaskRedisUrl(std::string_view text) {
  const auto parts = Split(text);
  if (!parts.has_value() || !ParseRedisUrl(text).ok()) return "***";
  std::string user_info = parts->user_info;
  const std::size_t colon = user_info.find(':');
  if (colon != std::string::npos) user_info = user_info.substr(0, colon) + ":***@";
  return absl::StrCat(parts->scheme, "://", user_info, absl::StrJoin(parts->hosts, ","),
                      parts->path);
}

}  // namespace sluice
