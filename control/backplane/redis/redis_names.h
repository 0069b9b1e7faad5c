#pragma once

#include <string_view>

namespace sluice {

// Channels that carry no events: what all replicas hear, and what one alone does. They are the last
// that a new connection subscribes, so whoever hears on its own channel hears everything.
inline constexpr std::string_view kReplicasChannel = "replicas";
inline constexpr std::string_view kReplicaPrefix = "replica:";

// A message begins with its number and a space, or with this.
inline constexpr std::string_view kUnnumbered = "- ";

}  // namespace sluice
