#include <algorithm>

#include "control/caller/caller.h"
#include "edge/base/check.h"

namespace sluice {
namespace {

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool HasPrefixOf(std::string_view text, const std::optional<std::vector<std::string>>& prefixes) {
  return prefixes.has_value() &&
         std::any_of(prefixes->begin(), prefixes->end(),
                     [text](const std::string& prefix) { return HasPrefix(text, prefix); });
}

}  // namespace

std::string_view ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kPublish:
      return "publish";
    case Scope::kClientsRead:
      return "clients.read";
    case Scope::kClientsWrite:
      return "clients.write";
    case Scope::kStateRead:
      return "state.read";
    case Scope::kStateWrite:
      return "state.write";
    case Scope::kAdmin:
      return "admin";
  }
  SLUICE_CHECK(false);
}

std::optional<Scope> ParseScope(std::string_view name) {
  for (const Scope scope : kScopes) {
    if (ScopeName(scope) == name) return scope;
  }
  return std::nullopt;
}

std::vector<std::string> NormalizedPrefixes(std::vector<std::string> prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<std::string> kept;
  for (std::string& prefix : prefixes) {
    // One that covers others stands before them, and nothing that it does not cover in between.
    if (kept.empty() || !HasPrefix(prefix, kept.back())) kept.push_back(std::move(prefix));
  }
  return kept;
}

bool Caller::ReachesGroup(std::string_view group) const {
  return !is_narrowed() || HasPrefixOf(group, group_prefixes);
}

bool Caller::ReachesClient(std::string_view client_id) const {
  return !is_narrowed() || HasPrefixOf(client_id, client_id_prefixes);
}

}  // namespace sluice
