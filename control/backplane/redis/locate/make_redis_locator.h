#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

#include "control/backplane/redis/link/redis_tls.h"
#include "control/backplane/redis/locate/redis_locator.h"

namespace sluice {

// Finds what the URL is of. `key`: in a cluster the slot of this key counts. `on_moved`: another
// server is to be found from now on.
std::unique_ptr<RedisLocator> MakeRedisLocator(
    boost::asio::io_context& io_context, const RedisUrl& url, const RedisTlsFiles& tls,
    const std::string& key, std::function<void(const std::string& why)> on_moved);

}  // namespace sluice
