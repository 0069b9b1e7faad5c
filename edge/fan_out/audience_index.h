#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/base/thread_checker.h"
#include "edge/session/session.h"

namespace sluice {

// Who an event is addressed to.
struct Target {
  enum class Kind : std::uint8_t { kAll, kClient, kGroup };
  Kind kind = Kind::kAll;
  // The client id or group name; empty for kAll.
  std::string name;

  friend bool operator==(const Target&, const Target&) = default;
};

// The live sessions of a shard that one target means: a dense vector, because a fan-out's cost is
// the walk over it.
// Thread: the shard.
class Audience {
 public:
  Audience(Target::Kind kind, std::string_view name) : kind_(kind), name_(name) {}

  Target::Kind kind() const { return kind_; }
  const std::string& name() const { return name_; }

  // How many slots there are; some may be empty while the audience is pinned.
  std::size_t size() const { return members_.size(); }

  // Null: the member has left.
  Session* at(std::size_t slot) const { return members_[slot]; }

 private:
  friend class AudienceIndex;

  const Target::Kind kind_;
  std::uint32_t pins_ = 0;
  std::uint32_t holes_ = 0;
  // Almost every client has one or two connections.
  absl::InlinedVector<Session*, 2> members_;
  const std::string name_;
};

// All audiences of a shard.
// Owner:  the shard; outlives the sessions in it.
// Thread: the shard.
// Limits: an audience exists while it has a member or is pinned, so there are at most as many as
// the
//         sessions' groups and clients.
class AudienceIndex {
 public:
  AudienceIndex();

  // Adds the session to everybody, to its client, and to `groups`.
  void Join(Session& session, const std::vector<std::string>& groups);

  // Takes the session out of all audiences.
  void Leave(Session& session);

  // Makes a session that has joined a member of just these groups, sorted, each once.
  void SetGroups(Session& session, const std::vector<std::string>& groups);

  // Null: nobody is there.
  Audience* Find(const Target& target);

  // While an audience is pinned its slots do not move: members that leave leave an empty slot, and
  // those that come are put at the end. Each Pin needs one Unpin.
  void Pin(Audience& audience);
  void Unpin(Audience& audience);

  std::size_t session_count() const { return all_.members_.size() - all_.holes_; }

 private:
  // Keyed by the audience's own name. By pointer, because sessions and fan-outs keep references.
  using Audiences = absl::flat_hash_map<std::string_view, std::unique_ptr<Audience>>;

  Audience& FindOrMake(Audiences& audiences, Target::Kind kind, std::string_view name);
  void Add(Audience& audience, Session& session);
  void Remove(const Session::Membership& membership);
  void EraseIfEmpty(Audience& audience);
  static void MoveTo(Audience& audience, std::size_t slot, Session* session);

  ThreadChecker thread_;
  Audience all_;
  Audiences clients_;
  Audiences groups_;
};

// The groups of a session that has joined, sorted.
std::vector<std::string> GroupsOf(Session& session);

// True if the session is a member of the audience. Cost: the number of its groups at most.
bool IsMember(Session& session, const Audience& audience);

}  // namespace sluice
