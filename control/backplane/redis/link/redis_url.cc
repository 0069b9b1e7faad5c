#include "control/backplane/redis/link/redis_url.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace sluice {
namespace {

namespace urls = boost::urls;

constexpr char kForm[] = "expected redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]";
constexpr std::uint32_t kPortMax = 65'535;
constexpr int kDatabaseMax = 1'000'000;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, "; ", kForm));
}

absl::Status ReadUser(const urls::url_view& url, RedisUrl& redis) {
  if (!url.has_userinfo()) return absl::OkStatus();
  if (!url.has_password()) {
    return Wrong(
        "has one word before the `@`, which could be a user or a password (a password alone is "
        "written `:PASSWORD@`)");
  }
  redis.user = url.user();
  redis.password = url.password();
  return absl::OkStatus();
}

absl::Status ReadDatabase(const urls::url_view& url, RedisUrl& redis) {
  const std::string path = url.path();
  if (path.empty() || path == "/") return absl::OkStatus();
  if (!absl::SimpleAtoi(path.substr(1), &redis.database) || redis.database < 0 ||
      redis.database > kDatabaseMax) {
    return Wrong("has a path that is no database number");
  }
  return absl::OkStatus();
}

}  // namespace

std::string RedisUrl::Address() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return absl::StrCat(is_v6 ? "[" : "", host, is_v6 ? "]" : "", ":", port);
}

absl::StatusOr<RedisUrl> ParseRedisUrl(std::string_view text) {
  const auto parsed = urls::parse_uri(text);
  if (parsed.has_error()) return Wrong("is no URL");
  const urls::url_view url = *parsed;
  if (url.scheme() != "redis") {
    return Wrong(absl::StrCat("has the scheme `", std::string(url.scheme()),
                              "`, which this version does not know"));
  }
  RedisUrl redis;
  // An IPv6 address is asked for without its brackets.
  redis.host = url.host_type() == urls::host_type::ipv6 ? url.host_address() : url.host();
  if (redis.host.empty()) return Wrong("names no host");
  if (url.has_port()) {
    std::uint32_t port = 0;
    if (!absl::SimpleAtoi(std::string(url.port()), &port) || port == 0 || port > kPortMax) {
      return Wrong("has a port that is not 1 to 65535");
    }
    redis.port = static_cast<std::uint16_t>(port);
  }
  if (url.has_query() || url.has_fragment()) return Wrong("has a query or a fragment");
  absl::Status status = ReadUser(url, redis);
  if (status.ok()) status = ReadDatabase(url, redis);
  if (!status.ok()) return status;
  return redis;
}

std::string MaskRedisUrl(std::string_view text) {
  const auto parsed = urls::parse_uri(text);
  if (parsed.has_error()) return "***";
  urls::url url = *parsed;
  if (url.has_password()) {
    // Not by the URL's own setter, which would percent-encode the stars.
    const std::string user(url.encoded_user());
    const std::string whole(url.buffer());
    const std::size_t at = whole.find('@');
    const std::size_t begin = whole.find("://") + 3;
    return absl::StrCat(whole.substr(0, begin), user, ":***", whole.substr(at));
  }
  return std::string(url.buffer());
}

}  // namespace sluice
