#include "edge/http/blocked_clients.h"

namespace sluice {

void BlockedClients::Block(const std::string& client_id, absl::Duration left) {
  const MutexLock lock(mutex_);
  const absl::Duration now = clock_.Uptime();
  absl::erase_if(blocked_, [now](const auto& entry) { return entry.second <= now; });
  blocked_[client_id] = now + left;
  is_empty_.store(false, std::memory_order_relaxed);
}

bool BlockedClients::IsBlocked(std::string_view client_id) const {
  if (is_empty_.load(std::memory_order_relaxed)) return false;
  const MutexLock lock(mutex_);
  const auto found = blocked_.find(std::string(client_id));
  return found != blocked_.end() && clock_.Uptime() < found->second;
}

}  // namespace sluice
