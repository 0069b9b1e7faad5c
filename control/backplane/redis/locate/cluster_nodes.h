#pragma once

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

#include "control/backplane/redis/link/redis_link.h"
#include "control/backplane/redis/locate/redis_locator.h"

namespace sluice {

// Finds the master of one slot of a Redis Cluster by asking its nodes, one after the other until
// one answers (Redis, "CLUSTER SLOTS"). All keys and channels carry one hash tag, so that one slot
// holds them. Owner:  the backplane. Thread: the io_context's. Limits: one connection; as many
// addresses as the cluster has nodes.
class ClusterNodes : public RedisLocator, public RedisLink::Owner {
 public:
  // `key`: of the slot. The first nodes to ask are those of the URL.
  ClusterNodes(boost::asio::io_context& io_context, const RedisUrl& url, RedisTlsFiles tls,
               std::string key);

  void Start() override { link_.Start(); }
  void Stop() override;
  void Find(Found found) override;
  bool needs_master() const override { return true; }
  void Doubt() override;

 private:
  // The node that is asked at present.
  class Asked : public RedisLocator {
   public:
    explicit Asked(std::vector<RedisAddress> nodes) : of_url_(nodes), nodes_(std::move(nodes)) {}
    void Find(Found found) override { found(present()); }
    bool needs_master() const override { return false; }
    void Next() { ++index_; }
    // The cluster is these nodes now. Those of the URL are asked too, when none of these answers.
    void Update(std::vector<RedisAddress> nodes);
    std::size_t size() const { return nodes_.size(); }
    const RedisAddress& present() const { return nodes_[index_ % nodes_.size()]; }

   private:
    const std::vector<RedisAddress> of_url_;
    std::vector<RedisAddress> nodes_;
    std::size_t index_ = 0;
  };

  // RedisLink::Owner
  void OnLinkUp(RedisLink& link) override;
  void OnLinkDown(RedisLink& link, const std::string& why) override;

  void Ask(Found found);
  // The master of the slot in a reply of CLUSTER SLOTS.
  absl::StatusOr<RedisAddress> MasterOf(const redisReply& slots);

  const std::string key_;
  Asked asked_;
  RedisLink link_;
  long long slot_ = -1;       // Of the key, once a node has told it.
  std::size_t failures_ = 0;  // In a row.
  std::vector<Found> waiting_;
};

}  // namespace sluice
