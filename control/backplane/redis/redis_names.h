#pragma once

#include <string_view>

namespace sluice {

// Channels that carry no events: what all replicas hear, and what one alone does. They are the last
// that a new connection subscribes, so whoever hears on its own channel hears everything.
inline constexpr std::string_view kReplicasChannel = "replicas";
inline constexpr std::string_view kReplicaPrefix = "replica:";

// How Redis is spoken to about channels: in a Redis Cluster by sharded pub/sub, at the master of
// the channel's slot; PUBLISH there would be counted by one node alone (Redis, "Sharded Pub/Sub").
struct PubSubWords {
  std::string_view publish, subscribe, unsubscribe;       // Commands.
  std::string_view subscribed, unsubscribed, is_message;  // Pushes.
};
inline constexpr PubSubWords kPubSub = {"PUBLISH",   "SUBSCRIBE",   "UNSUBSCRIBE",
                                        "subscribe", "unsubscribe", "message"};
inline constexpr PubSubWords kShardedPubSub = {"SPUBLISH",   "SSUBSCRIBE",   "SUNSUBSCRIBE",
                                               "ssubscribe", "sunsubscribe", "smessage"};

// A message begins with its number and a space, or with this.
inline constexpr std::string_view kUnnumbered = "- ";

}  // namespace sluice
