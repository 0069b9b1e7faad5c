#include "edge/door/limits/stream_limits.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

namespace ip = boost::asio::ip;

std::string KeyOf(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  const auto bytes = v6.to_bytes();
  return std::string(bytes.begin(), bytes.begin() + 8);
}

void Subtract(absl::flat_hash_map<std::string, std::size_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

}  // namespace

StreamPlaces::StreamPlaces(StreamLimits& limits, std::string address, std::string client_id,
                           std::vector<std::string> groups, ConnectionId id)
    : limits_(limits),
      address_(std::move(address)),
      client_id_(std::move(client_id)),
      groups_(std::move(groups)),
      id_(id) {}

StreamPlaces::~StreamPlaces() {
  LeaveAudience();
  limits_.LeaveAddress(address_);
}

void StreamPlaces::LeaveAudience() {
  if (std::exchange(has_left_, true)) return;
  limits_.LeaveAudience(client_id_, groups_, id_);
}

StreamLimits::StreamLimits(Options options)
    : options_(options), rate_(options.begins_per_second_max) {}

std::variant<StreamLimits::Entry, StreamLimits::Limit> StreamLimits::Enter(
    const ip::address& address, const std::string& client_id,
    const std::vector<std::string>& groups, ConnectionId id, absl::Duration uptime) {
  Entry entry;
  if (!options_.has_any()) return entry;
  const std::string key = options_.per_address_max > 0 ? KeyOf(address) : std::string();
  const MutexLock lock(mutex_);
  if (!key.empty()) {
    const auto found = addresses_.find(key);
    if (found != addresses_.end() && found->second >= options_.per_address_max) {
      return Limit::kAddress;
    }
  }
  if (options_.per_group_max > 0) {
    for (const std::string& group : groups) {
      const auto found = groups_.find(group);
      if (found != groups_.end() && found->second >= options_.per_group_max) return Limit::kGroup;
    }
  }
  const bool counts_client = options_.per_client_max > 0 && !client_id.empty();
  if (counts_client) {
    const auto found = clients_.find(client_id);
    if (found != clients_.end() && found->second.size() >= options_.per_client_max) {
      if (!options_.replaces_oldest) return Limit::kClient;
      entry.replaced = found->second.front();
    }
  }
  // Last, so that only those that find room use it up.
  if (!rate_.Take(uptime)) return Limit::kRate;
  if (!key.empty()) ++addresses_[key];
  if (options_.per_group_max > 0) {
    for (const std::string& group : groups) ++groups_[group];
  }
  if (counts_client) {
    std::deque<ConnectionId>& streams = clients_[client_id];
    if (entry.replaced.has_value()) streams.pop_front();
    streams.push_back(id);
  }
  entry.places = std::make_unique<StreamPlaces>(
      *this, key, counts_client ? client_id : std::string(),
      options_.per_group_max > 0 ? groups : std::vector<std::string>(), id);
  return entry;
}

void StreamLimits::LeaveAudience(const std::string& client_id,
                                 const std::vector<std::string>& groups, ConnectionId id) {
  if (client_id.empty() && groups.empty()) return;
  const MutexLock lock(mutex_);
  for (const std::string& group : groups) Subtract(groups_, group);
  const auto found = clients_.find(client_id);
  if (found == clients_.end()) return;
  // One that was replaced is not there any more.
  std::deque<ConnectionId>& streams = found->second;
  streams.erase(std::remove(streams.begin(), streams.end(), id), streams.end());
  if (streams.empty()) clients_.erase(found);
}

void StreamLimits::LeaveAddress(const std::string& address) {
  if (address.empty()) return;
  const MutexLock lock(mutex_);
  Subtract(addresses_, address);
}

}  // namespace sluice
