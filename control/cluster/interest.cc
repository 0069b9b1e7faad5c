#include "control/cluster/interest.h"

#include <algorithm>
#include <utility>

#include "edge/base/check.h"

namespace sluice {

Interest::Interest(Backplane& backplane, Listener& listener)
    : backplane_(backplane), listener_(listener) {}

void Interest::Hold(const std::string& name, ConnectionId id) {
  const auto [entry, is_new] = channels_.try_emplace(name);
  Channel& channel = entry->second;
  const auto index = static_cast<std::uint32_t>(id.shard_index());
  const auto count = std::find_if(channel.holders.begin(), channel.holders.end(),
                                  [index](const ShardCount& c) { return c.shard == index; });
  if (count == channel.holders.end()) {
    channel.holders.push_back({index, 1});
  } else {
    ++count->holders;
  }
  if (channel.is_subscribed && !is_catching_up()) return listener_.OnChannelSubscribed(id);
  channel.waiting.insert(id);
  if (is_new) Subscribe(name, channel);
}

void Interest::Subscribe(const std::string& name, Channel& channel) {
  const std::uint64_t subscription = channel.subscription = ++last_subscription_;
  backplane_.Subscribe(name, [this, name, subscription] { OnSubscribed(name, subscription); });
}

void Interest::OnSubscribed(const std::string& name, std::uint64_t subscription) {
  const auto found = channels_.find(name);
  // Released before it was confirmed, and perhaps held again, which another confirmation is for.
  if (found == channels_.end() || found->second.subscription != subscription) return;
  Channel& channel = found->second;
  channel.is_subscribed = true;
  if (std::exchange(channel.is_missing, false)) return OnMissingDone();
  if (is_catching_up()) return;
  for (const ConnectionId id : std::exchange(channel.waiting, {})) {
    listener_.OnChannelSubscribed(id);
  }
}

void Interest::OnInterrupted() {
  channels_missing_ = channels_.size();
  for (auto& [name, channel] : channels_) {
    channel.is_subscribed = false;
    channel.is_missing = true;
  }
  // A backplane that confirms at once must find all of them missing.
  std::vector<std::string> names;
  for (const auto& [name, channel] : channels_) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const auto found = channels_.find(name);
    if (found != channels_.end()) Subscribe(name, found->second);
  }
}

void Interest::OnMissingDone() {
  if (--channels_missing_ > 0) return;
  listener_.OnSubscribedAgain();
  std::vector<ConnectionId> waiting;  // Once for each of its channels.
  for (auto& [name, channel] : channels_) {
    if (!channel.is_subscribed) continue;
    const auto told = std::exchange(channel.waiting, {});
    waiting.insert(waiting.end(), told.begin(), told.end());
  }
  // In an order of their own, so that a simulation plays the same story again.
  std::sort(waiting.begin(), waiting.end());
  for (const ConnectionId id : waiting) listener_.OnChannelSubscribed(id);
}

bool Interest::Release(const std::string& name, ConnectionId id) {
  const auto found = channels_.find(name);
  SLUICE_CHECK(found != channels_.end());
  auto& holders = found->second.holders;
  const auto index = static_cast<std::uint32_t>(id.shard_index());
  const auto count = std::find_if(holders.begin(), holders.end(),
                                  [index](const ShardCount& c) { return c.shard == index; });
  SLUICE_CHECK(count != holders.end());
  const bool was_waiting = found->second.waiting.erase(id) > 0;
  if (--count->holders > 0) return was_waiting;
  holders.erase(count);
  if (!holders.empty()) return was_waiting;
  const bool was_missing = found->second.is_missing;
  channels_.erase(found);
  backplane_.Unsubscribe(name);
  listener_.OnChannelReleased(name);
  if (was_missing) OnMissingDone();
  return was_waiting;
}

bool Interest::IsSubscribed(const std::string& name) const {
  const auto found = channels_.find(name);
  return found != channels_.end() && found->second.is_subscribed && !is_catching_up();
}

std::vector<std::string> Interest::SubscribedChannels() const {
  std::vector<std::string> names;
  for (const auto& [name, channel] : channels_) {
    if (channel.is_subscribed) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int> Interest::ShardsOf(const std::string& name) const {
  std::vector<int> shards;
  const auto found = channels_.find(name);
  if (found == channels_.end()) return shards;
  for (const ShardCount& count : found->second.holders) {
    shards.push_back(static_cast<int>(count.shard));
  }
  return shards;
}

}  // namespace sluice
