#include "control/cluster/members.h"

#include <algorithm>
#include <utility>

namespace sluice {

Members::Members(std::string own_replica_id, const Clock& clock)
    : own_replica_id_(std::move(own_replica_id)), clock_(clock), updated_(clock.Uptime()) {}

void Members::Update(std::vector<Backplane::Member> members, const EventNumber& number) {
  updated_ = clock_.Uptime();
  updated_at_ = number;
  for (const auto& [replica_id, told] : members_) {
    if (told.silence < kGoneAfter) missing_.try_emplace(replica_id, updated_ + kGoneAfter);
  }
  absl::erase_if(missing_, [this](const auto& entry) { return entry.second <= updated_; });
  members_.clear();
  for (Backplane::Member& member : members) {
    missing_.erase(member.replica_id);
    if (member.replica_id == own_replica_id_) continue;
    std::string replica_id = member.replica_id;
    members_.emplace(std::move(replica_id), std::move(member));
  }
}

void Members::OnReported(const std::string& replica_id) {
  if (replica_id == own_replica_id_) return;
  missing_.erase(replica_id);
  const auto [found, is_new] = members_.try_emplace(replica_id);
  Backplane::Member& member = found->second;
  if (is_new) {
    member.replica_id = replica_id;
    member.is_listening = true;  // Replicas report when they have subscribed.
  }
  member.silence = updated_ - clock_.Uptime();
}

void Members::Remove(const std::string& replica_id) {
  members_.erase(replica_id);
  missing_.erase(replica_id);
}

int Members::UncountedAt(const EventNumber& number) const {
  if (updated_at_.sequence == 0) return 0;
  if (number.epoch == updated_at_.epoch) return static_cast<int>(missing_.size());
  // This replica is not in its list either.
  return static_cast<int>(
             std::count_if(members_.begin(), members_.end(),
                           [](const auto& entry) { return entry.second.silence < kGoneAfter; })) +
         1;
}

std::vector<Members::Member> Members::Others() const {
  const absl::Duration since_update = clock_.Uptime() - updated_;
  std::vector<Member> others;
  for (const auto& [replica_id, told] : members_) {
    const absl::Duration silence = told.silence + since_update;
    if (silence > kGoneAfter && !told.is_listening) continue;
    others.push_back({told, silence, told.is_listening && silence < kSilentAfter});
  }
  return others;
}

int Members::silent_count() const {
  const auto others = Others();
  return static_cast<int>(std::count_if(others.begin(), others.end(), [](const Member& other) {
    return other.told.is_listening && !other.is_answering;
  }));
}

}  // namespace sluice
