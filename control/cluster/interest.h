#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "edge/names/connection_id.h"

namespace sluice {

// Which channels this replica needs, for how many connections, and on which shards: a channel is
// subscribed from its first holder to its last (Redis, "Pub/Sub").
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: one entry a held channel, so --max-connections times a connection's channels.
class Interest {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // A channel that the connection holds is subscribed; called once for each that it holds.
    virtual void OnChannelSubscribed(ConnectionId id) = 0;
    // Everything that was held at an interruption is subscribed again.
    virtual void OnSubscribedAgain() = 0;
    // The channel's last holder has released it.
    virtual void OnChannelReleased(const std::string& name) = 0;
  };

  Interest(Backplane& backplane, Listener& listener);

  // The listener is told when the channel's subscription holds, perhaps before this returns.
  void Hold(const std::string& name, ConnectionId id);

  // The connection must hold the channel. True if the listener had still to be told that it is
  // subscribed for it.
  bool Release(const std::string& name, ConnectionId id);

  // What is published to the channel from now on comes.
  bool IsSubscribed(const std::string& name) const;

  // Every subscription is void: subscribes again what is held. Until that is done nothing counts as
  // subscribed, so that nobody takes a part for the whole.
  void OnInterrupted();

  bool is_catching_up() const { return channels_missing_ > 0; }

  // Every channel whose subscription was confirmed, sorted.
  std::vector<std::string> SubscribedChannels() const;

  // The shards that hold the channel; empty when nobody does.
  std::vector<int> ShardsOf(const std::string& name) const;

 private:
  struct ShardCount {
    std::uint32_t shard;
    std::uint32_t holders;
  };
  struct Channel {
    absl::InlinedVector<ShardCount, 2> holders;
    std::uint64_t subscription = 0;  // Tells its confirmation from that of one ended before.
    bool is_subscribed = false;
    bool is_missing = false;                // Since an interruption.
    absl::btree_set<ConnectionId> waiting;  // Have not been told.
  };

  void Subscribe(const std::string& name, Channel& channel);
  void OnSubscribed(const std::string& name, std::uint64_t subscription);
  void OnMissingDone();

  Backplane& backplane_;
  Listener& listener_;
  std::size_t channels_missing_ = 0;
  std::uint64_t last_subscription_ = 0;
  absl::flat_hash_map<std::string, Channel> channels_;
};

}  // namespace sluice
