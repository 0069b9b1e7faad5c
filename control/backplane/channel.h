#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edge/fan_out/audience_index.h"

namespace sluice {

// The backplane channels of events: `all`, `client:ID` and `group:NAME`.
std::string ClientChannel(std::string_view client_id);
std::string GroupChannel(std::string_view group);
inline constexpr std::string_view kAllChannel = "all";

std::string ChannelOf(const Target& target);

// None: a channel that carries no events.
std::optional<Target> TargetOf(std::string_view channel);

}  // namespace sluice
