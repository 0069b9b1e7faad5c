#include "control/cluster/interest.h"

#include <algorithm>
#include <utility>

#include "edge/base/check.h"

namespace sluice {

void Interest::Hold(const std::string& channel, int shard,
                    absl::AnyInvocable<void()> is_subscribed) {
  const auto [entry, is_new] = channels_.try_emplace(channel);
  Channel& held = entry->second;
  const auto index = static_cast<std::uint32_t>(shard);
  const auto count = std::find_if(held.holders.begin(), held.holders.end(),
                                  [index](const ShardCount& c) { return c.shard == index; });
  if (count == held.holders.end()) {
    held.holders.push_back({index, 1});
  } else {
    ++count->holders;
  }
  if (held.is_subscribed) return is_subscribed();
  held.waiting.push_back(std::move(is_subscribed));
  if (!is_new) return;
  const std::uint64_t subscription = held.subscription = ++last_subscription_;
  backplane_.Subscribe(channel,
                       [this, channel, subscription] { OnSubscribed(channel, subscription); });
}

void Interest::OnSubscribed(const std::string& channel, std::uint64_t subscription) {
  const auto found = channels_.find(channel);
  // Released before it was confirmed, and perhaps held again, which another confirmation is for.
  if (found == channels_.end() || found->second.subscription != subscription) return;
  found->second.is_subscribed = true;
  auto waiting = std::exchange(found->second.waiting, {});
  for (auto& is_subscribed : waiting) is_subscribed();
}

void Interest::Release(const std::string& channel, int shard) {
  const auto found = channels_.find(channel);
  SLUICE_CHECK(found != channels_.end());
  auto& holders = found->second.holders;
  const auto index = static_cast<std::uint32_t>(shard);
  const auto count = std::find_if(holders.begin(), holders.end(),
                                  [index](const ShardCount& c) { return c.shard == index; });
  SLUICE_CHECK(count != holders.end());
  if (--count->holders > 0) return;
  holders.erase(count);
  if (!holders.empty()) return;
  channels_.erase(found);
  backplane_.Unsubscribe(channel);
}

std::vector<int> Interest::ShardsOf(const std::string& channel) const {
  std::vector<int> shards;
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return shards;
  for (const ShardCount& count : found->second.holders) {
    shards.push_back(static_cast<int>(count.shard));
  }
  return shards;
}

}  // namespace sluice
