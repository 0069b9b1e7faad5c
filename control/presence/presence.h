#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <sluice/v1/client.pb.h>

#include <memory>
#include <string>

#include "control/backplane/backplane.h"
#include "control/presence/client_gather.h"
#include "control/presence/client_page.h"
#include "control/publish/publisher.h"

namespace sluice {

// Answers who is connected to the cluster, and changes what is kept of clients.
// Owner:  the cluster.
// Thread: the cluster thread; every `done` is called on it, or before the call returns.
class Presence {
 public:
  Presence(Backplane& backplane, ClientGather& gather, Publisher& publisher);

  using ClientDone = absl::AnyInvocable<void(absl::StatusOr<v1::Client>)>;

  // The client in CLIENT_VIEW_FULL. NOT_FOUND: neither connected nor a record. UNAVAILABLE: nothing
  // was found, but a replica did not answer; or the record can't be read.
  void GetClient(const std::string& client_id, ClientDone done);

  void ListClients(const ClientQuery& query,
                   absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done);

  // The client in CLIENT_VIEW_FULL as it is after the change, which every replica that holds the
  // client knows by then. NOT_FOUND: not connected, and `allow_missing` is false; others as of
  // Backplane::ChangeRecord.
  void ChangeMetadata(const std::string& client_id, const RecordChange& change, bool allow_missing,
                      ClientDone done);

 private:
  // What the replicas hold of the client; empty when none does.
  using FoundDone = absl::AnyInvocable<void(absl::StatusOr<v1::Client>)>;
  void Find(const std::string& client_id, FoundDone done);
  void Change(const std::string& client_id, const RecordChange& change, ClientDone done);

  Backplane& backplane_;
  ClientGather& gather_;
  Publisher& publisher_;
};

}  // namespace sluice
