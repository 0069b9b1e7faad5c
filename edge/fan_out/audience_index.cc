#include "edge/fan_out/audience_index.h"

#include <algorithm>
#include <utility>

#include "edge/base/check.h"

namespace sluice {

AudienceIndex::AudienceIndex() : all_(Target::Kind::kAll, "") {}

Audience& AudienceIndex::FindOrMake(Audiences& audiences, Target::Kind kind,
                                    std::string_view name) {
  const auto found = audiences.find(name);
  if (found != audiences.end()) return *found->second;
  auto audience = std::make_unique<Audience>(kind, name);
  const std::string_view key = audience->name();
  return *audiences.emplace(key, std::move(audience)).first->second;
}

void AudienceIndex::Join(Session& session, const std::vector<std::string>& groups) {
  thread_.Check();
  Add(all_, session);
  Add(FindOrMake(clients_, Target::Kind::kClient, session.identity().client_id), session);
  for (const std::string& group : groups) {
    Add(FindOrMake(groups_, Target::Kind::kGroup, group), session);
  }
}

void AudienceIndex::Leave(Session& session) {
  thread_.Check();
  const auto memberships = std::move(session.memberships());
  session.memberships().clear();
  for (const Session::Membership& membership : memberships) Remove(membership);
}

void AudienceIndex::SetGroups(Session& session, const std::vector<std::string>& groups) {
  thread_.Check();
  const std::vector<std::string> present = GroupsOf(session);
  std::vector<Session::Membership> left;
  auto& memberships = session.memberships();
  const auto kept = std::stable_partition(
      memberships.begin(), memberships.end(), [&groups](const Session::Membership& membership) {
        const Audience& audience = *membership.audience;
        return audience.kind() != Target::Kind::kGroup ||
               std::binary_search(groups.begin(), groups.end(), audience.name());
      });
  left.assign(kept, memberships.end());
  memberships.erase(kept, memberships.end());
  for (const Session::Membership& membership : left) Remove(membership);
  for (const std::string& group : groups) {
    if (std::binary_search(present.begin(), present.end(), group)) continue;
    Add(FindOrMake(groups_, Target::Kind::kGroup, group), session);
  }
}

void AudienceIndex::Add(Audience& audience, Session& session) {
  session.memberships().push_back(
      {&audience, static_cast<std::uint32_t>(audience.members_.size())});
  audience.members_.push_back(&session);
}

void AudienceIndex::Remove(const Session::Membership& membership) {
  Audience& audience = *membership.audience;
  if (audience.pins_ > 0) {
    audience.members_[membership.slot] = nullptr;
    ++audience.holes_;
    return;
  }
  Session* last = audience.members_.back();
  audience.members_.pop_back();
  if (membership.slot < audience.members_.size()) MoveTo(audience, membership.slot, last);
  EraseIfEmpty(audience);
}

void AudienceIndex::MoveTo(Audience& audience, std::size_t slot, Session* session) {
  audience.members_[slot] = session;
  for (Session::Membership& membership : session->memberships()) {
    if (membership.audience != &audience) continue;
    membership.slot = static_cast<std::uint32_t>(slot);
    return;
  }
  SLUICE_CHECK(false);
}

void AudienceIndex::EraseIfEmpty(Audience& audience) {
  if (!audience.members_.empty() || &audience == &all_) return;
  (audience.kind() == Target::Kind::kClient ? clients_ : groups_).erase(audience.name());
}

Audience* AudienceIndex::Find(const Target& target) {
  thread_.Check();
  if (target.kind == Target::Kind::kAll) return all_.members_.empty() ? nullptr : &all_;
  const Audiences& audiences = target.kind == Target::Kind::kClient ? clients_ : groups_;
  const auto found = audiences.find(target.name);
  return found == audiences.end() ? nullptr : found->second.get();
}

void AudienceIndex::Pin(Audience& audience) {
  thread_.Check();
  ++audience.pins_;
}

void AudienceIndex::Unpin(Audience& audience) {
  thread_.Check();
  if (--audience.pins_ > 0) return;
  if (audience.holes_ > 0) {
    std::size_t kept = 0;
    for (Session* session : audience.members_) {
      if (session != nullptr) MoveTo(audience, kept++, session);
    }
    audience.members_.resize(kept);
    audience.holes_ = 0;
  }
  EraseIfEmpty(audience);
}

std::vector<std::string> GroupsOf(Session& session) {
  std::vector<std::string> groups;
  for (const Session::Membership& membership : session.memberships()) {
    if (membership.audience->kind() != Target::Kind::kGroup) continue;
    groups.push_back(membership.audience->name());
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

bool IsMember(Session& session, const Audience& audience) {
  for (const Session::Membership& membership : session.memberships()) {
    if (membership.audience == &audience) return true;
  }
  return false;
}

}  // namespace sluice
