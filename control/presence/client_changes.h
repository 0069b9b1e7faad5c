#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <sluice/v1/client.pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/cluster/gather.h"
#include "control/presence/presence.h"
#include "control/publish/publisher.h"
#include "edge/event_streams.h"

namespace sluice {

// JoinGroups and LeaveGroups.
struct GroupsCommand {
  std::string client_id;
  std::vector<std::string> join;
  std::vector<std::string> leave;
  std::string connection_id;  // Empty: the client, and what is kept of it.
  bool allow_missing = false;
};

struct ChangedClient {
  v1::Client client;  // In CLIENT_VIEW_FULL.
  int unconfirmed_replicas = 0;
};

struct DisconnectCommand {
  std::string client_id;
  std::string connection_id;  // Empty: all of them.
  Dismissal dismissal;
  absl::Duration block_for;  // Zero: not at all.
};

struct DisconnectedClient {
  std::int64_t connections = 0;
  int unconfirmed_replicas = 0;
};

// Changes what is kept of clients and what their streams are in. An answer comes when every replica
// that holds the client knows the change.
// Owner:  the cluster.
// Thread: the cluster thread; every `done` is called on it, or before the call returns.
// Errors: NOT_FOUND, reason CLIENT_NOT_FOUND or CONNECTION_NOT_FOUND; UNAVAILABLE as of
//         Presence::Find; others as of Backplane::ChangeRecord.
class ClientChanges {
 public:
  using ClientDone = Presence::ClientDone;
  using DisconnectDone = absl::AnyInvocable<void(absl::StatusOr<DisconnectedClient>)>;
  using ChangedDone = absl::AnyInvocable<void(absl::StatusOr<ChangedClient>)>;

  ClientChanges(Backplane& backplane, Presence& presence, Gather& gather, Publisher& publisher);

  // NOT_FOUND: not connected, and `allow_missing` is false.
  void ChangeMetadata(const std::string& client_id, const RecordChange& change, bool allow_missing,
                      ClientDone done);

  // INVALID_ARGUMENT: a connection would be in more than kGroupsMax groups.
  void ChangeGroups(const GroupsCommand& command, ChangedDone done);

  // RESOURCE_EXHAUSTED as of Backplane::BlockClient.
  void Disconnect(const DisconnectCommand& command, DisconnectDone done);

  // Removes the record. NOT_FOUND: neither connected nor a record.
  void Delete(const std::string& client_id, absl::AnyInvocable<void(absl::Status)> done);

 private:
  void ChangeRecord(const std::string& client_id, const RecordChange& change, ChangedDone done);
  void ChangeConnection(const GroupsCommand& command, ChangedDone done);
  void CountEnded(const Backplane::Published& published, int replicas_missing, DisconnectDone done);
  // The client as it is when everybody has confirmed the change.
  void AnswerWhenConfirmed(const std::string& client_id, const Backplane::Published& published,
                           std::shared_ptr<const Record> record, ChangedDone done);

  Backplane& backplane_;
  Presence& presence_;
  Gather& gather_;
  Publisher& publisher_;
};

}  // namespace sluice
