#include "control/backplane/channel.h"

#include "edge/base/check.h"

namespace sluice {
namespace {

constexpr std::string_view kClientPrefix = "client:";
constexpr std::string_view kGroupPrefix = "group:";

}  // namespace

std::string ClientChannel(std::string_view client_id) {
  return std::string(kClientPrefix).append(client_id);
}

std::string GroupChannel(std::string_view group) {
  return std::string(kGroupPrefix).append(group);
}

std::string ChannelOf(const Target& target) {
  switch (target.kind) {
    case Target::Kind::kAll:
      return std::string(kAllChannel);
    case Target::Kind::kClient:
      return ClientChannel(target.name);
    case Target::Kind::kGroup:
      return GroupChannel(target.name);
  }
  SLUICE_CHECK(false);
}

std::optional<Target> TargetOf(std::string_view channel) {
  if (channel == kAllChannel) return Target{Target::Kind::kAll, ""};
  if (channel.substr(0, kClientPrefix.size()) == kClientPrefix) {
    return Target{Target::Kind::kClient, std::string(channel.substr(kClientPrefix.size()))};
  }
  if (channel.substr(0, kGroupPrefix.size()) == kGroupPrefix) {
    return Target{Target::Kind::kGroup, std::string(channel.substr(kGroupPrefix.size()))};
  }
  return std::nullopt;
}

}  // namespace sluice
