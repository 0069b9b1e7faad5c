#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "control/caller/caller.h"
#include "control/presence/client_page.h"

namespace sluice {

using ListClientsDone = absl::AnyInvocable<void(absl::StatusOr<ClientPage>)>;
// Cluster::ListClients.
using ListClientsCall = std::function<void(ClientQuery, ListClientsDone)>;

// Answers the query with the clients that the caller reaches: its prefixes are asked for one after
// the other, so a page costs what it holds, and no page token holds a client of others. A narrowed
// caller is told no total, which counts before any prefix.
// Thread: `done` is called where `list` calls back.
void ListWithinReach(const Caller& caller, ClientQuery query, ListClientsCall list,
                     ListClientsDone done);

// The same for groups and the caller's prefixes of groups.
using ListGroupsDone = absl::AnyInvocable<void(absl::StatusOr<GroupPage>)>;
using ListGroupsCall = std::function<void(GroupQuery, ListGroupsDone)>;
void ListWithinReach(const Caller& caller, GroupQuery query, ListGroupsCall list,
                     ListGroupsDone done);

}  // namespace sluice
