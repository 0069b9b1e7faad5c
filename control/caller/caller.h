#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// What a caller may do. Each RPC needs one of them.
enum class Scope : std::uint8_t {
  kPublish,
  kClientsRead,
  kClientsWrite,
  kStateRead,
  kStateWrite,
  kAdmin,  // All.
};

inline constexpr Scope kScopes[] = {Scope::kPublish,   Scope::kClientsRead, Scope::kClientsWrite,
                                    Scope::kStateRead, Scope::kStateWrite,  Scope::kAdmin};

// As credentials name it, such as `clients.read`.
std::string_view ScopeName(Scope scope);
std::optional<Scope> ParseScope(std::string_view name);

// Prefixes sorted, without those that another one covers.
std::vector<std::string> NormalizedPrefixes(std::vector<std::string> prefixes);

// Who calls, and what it may do and reach. A caller is narrowed if it has prefixes of either kind:
// then it reaches only the groups and the clients that one of them begins, and nothing that is for
// all. With prefixes of one kind alone it reaches nothing of the other; an empty prefix is all.
struct Caller {
  std::string name;  // For people.
  // No two callers have the same. Empty: nobody was asked who he is.
  std::string id;
  std::vector<Scope> scopes;
  // Normalized. None of both: not narrowed.
  std::optional<std::vector<std::string>> group_prefixes;
  std::optional<std::vector<std::string>> client_id_prefixes;
  absl::Time expires = absl::InfiniteFuture();

  bool is_narrowed() const { return group_prefixes.has_value() || client_id_prefixes.has_value(); }

  bool ReachesGroup(std::string_view group) const;
  bool ReachesClient(std::string_view client_id) const;
};

using CallerPointer = std::shared_ptr<const Caller>;

// PERMISSION_DENIED, reason SCOPE_MISSING or OUTSIDE_PREFIXES, unless it may.
absl::Status CheckScope(const Caller& caller, Scope scope);
absl::Status CheckGroupReach(const Caller& caller, std::string_view group);
absl::Status CheckClientReach(const Caller& caller, std::string_view client_id);
// For what reaches everybody, or tells of everything.
absl::Status CheckReachesAll(const Caller& caller);

}  // namespace sluice
