#include "control/backplane/redis/locate/make_redis_locator.h"

#include <utility>

#include "control/backplane/redis/locate/cluster_nodes.h"
#include "control/backplane/redis/locate/sentinels.h"

namespace sluice {

std::unique_ptr<RedisLocator> MakeRedisLocator(
    boost::asio::io_context& io_context, const RedisUrl& url, const RedisTlsFiles& tls,
    const std::string& key, std::function<void(const std::string& why)> on_moved) {
  switch (url.kind) {
    case RedisUrl::Kind::kServer:
      break;
    case RedisUrl::Kind::kSentinel:
      return std::make_unique<Sentinels>(io_context, url, tls, std::move(on_moved));
    case RedisUrl::Kind::kCluster:
      return std::make_unique<ClusterNodes>(io_context, url, tls, key);
  }
  return std::make_unique<FixedRedis>(url.addresses.front());
}

}  // namespace sluice
