#pragma once

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/backplane/redis/link/redis_link.h"
#include "control/backplane/redis/locate/redis_locator.h"

namespace sluice {

// Finds the master of a service by asking all Sentinels, and follows what they tell of a failover
// (Redis, "Sentinel client spec", `+switch-master`). The answer that most give counts, so that one
// that was cut off from the others, or has not heard yet, leads nobody to an old master.
// Owner:  the backplane.
// Thread: the io_context's.
// Limits: two connections a Sentinel.
class Sentinels : public RedisLocator, public RedisLink::Owner {
 public:
  // `url`: a Sentinel URL; its user and password are those of the servers, not of Sentinels.
  // `on_moved`: the master is another one than was found last.
  Sentinels(boost::asio::io_context& io_context, const RedisUrl& url, RedisTlsFiles tls,
            std::function<void(const std::string& why)> on_moved);

  void Start() override;
  void Stop() override;
  void Find(Found found) override;
  bool needs_master() const override { return true; }

 private:
  struct Sentinel {
    Sentinel(boost::asio::io_context& io_context, const RedisUrl& url, const RedisTlsFiles& tls,
             RedisLink::Owner& owner);
    FixedRedis locator;
    RedisLink questions;
    RedisLink events;
    bool has_failed = false;  // To be asked, since it last could be.
  };
  struct Poll {
    std::size_t missing = 0;
    std::map<std::string, int> votes;  // By address.
    std::map<std::string, RedisAddress> addresses;
    Found found;  // Null once it is decided.
  };

  // RedisLink::Owner
  void OnLinkUp(RedisLink& link) override;
  void OnLinkDown(RedisLink& link, const std::string& why) override;

  // Asks for those who wait, when enough Sentinels can be asked or no more will be.
  void AskIfReady();
  void Ask(Found found);
  void OnAnswer(Poll& poll, const redisReply* reply);
  void OnEvent(const redisReply& push);

  const std::string service_;
  const std::function<void(const std::string&)> on_moved_;
  std::vector<std::unique_ptr<Sentinel>> sentinels_;
  std::vector<Found> waiting_;
  std::string found_;  // The address that was found last.
};

}  // namespace sluice
