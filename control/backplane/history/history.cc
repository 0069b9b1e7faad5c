#include "control/backplane/history/history.h"

#include <algorithm>

namespace sluice {

const Retention& HistoryOptions::Of(std::string_view channel) const {
  const Retention* retention = &standard;
  std::size_t longest = 0;
  for (const auto& [prefix, own] : by_prefix) {
    if (channel.substr(0, prefix.size()) != prefix || prefix.size() < longest) continue;
    retention = &own;
    longest = prefix.size();
  }
  return *retention;
}

bool HistoryOptions::is_on() const {
  return standard.is_on() || std::any_of(by_prefix.begin(), by_prefix.end(),
                                         [](const auto& own) { return own.second.is_on(); });
}

std::uint64_t ChannelHistory::GapTo(std::uint64_t after, std::uint64_t last) const {
  const bool may_be_expired = after <= expired_to && after < last;
  if (trimmed_to <= after && !may_be_expired) return 0;
  // Everything above is there.
  return std::min(std::max(trimmed_to, may_be_expired ? expired_to : 0), last);
}

}  // namespace sluice
