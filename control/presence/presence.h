#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <sluice/v1/client.pb.h>

#include <memory>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/cluster/gather.h"
#include "control/presence/client_page.h"

namespace sluice {

// NOT_FOUND, reason CLIENT_NOT_FOUND; `why` goes on from the client's id.
absl::Status ClientNotFound(const std::string& client_id, absl::string_view why);

// What is kept of the client, as callers see it. `record` may be null.
void SetRecord(const Record* record, v1::Client& client);

// Answers who is connected to the cluster.
// Owner:  the cluster.
// Thread: the cluster thread; every `done` is called on it, or before the call returns.
class Presence {
 public:
  Presence(Backplane& backplane, Gather& gather);

  using ClientDone = absl::AnyInvocable<void(absl::StatusOr<v1::Client>)>;

  // What the replicas hold of the client; empty when none does. UNAVAILABLE: nothing was found, but
  // a replica did not answer.
  void Find(const std::string& client_id, ClientDone done);

  // The client in CLIENT_VIEW_FULL. NOT_FOUND: neither connected nor a record. UNAVAILABLE: as of
  // Find, or the record can't be read.
  void GetClient(const std::string& client_id, ClientDone done);

  void ListClients(const ClientQuery& query,
                   absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done);

  void ListGroups(const GroupQuery& query,
                  absl::AnyInvocable<void(absl::StatusOr<GroupPage>)> done);

 private:
  Backplane& backplane_;
  Gather& gather_;
};

}  // namespace sluice
