#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <sluice/v1/client.pb.h>
#include <sluice/v1/control_service.pb.h>

#include <map>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/cluster/directory.h"
#include "control/publish/publisher.h"
#include "edge/edge.h"

namespace sluice {

// Which clients a list is of.
struct ClientQuery {
  std::string after;  // The last id of the page before; empty: from the start.
  std::size_t page_size = 100;
  std::string prefix;
  std::string group;
  std::map<std::string, std::string> metadata_match;
  bool is_full = false;  // CLIENT_VIEW_FULL.
};

struct ClientPage {
  std::vector<v1::Client> clients;
  std::string last_id;  // Where the next page goes on; empty: there is none.
  std::int64_t total_size = 0;
};

// Answers who is connected, and changes what is kept of clients.
// Owner:  the cluster.
// Thread: the cluster thread; every `done` is called on it, or before the call returns.
class Presence {
 public:
  // How many clients a page looks at for each one that it may hold, before it ends short.
  static constexpr std::size_t kLooksPerResult = 10;

  Presence(std::string replica_id, Backplane& backplane, Edge& edge, Directory& directory,
           Publisher::Post post);

  using ClientDone = absl::AnyInvocable<void(absl::StatusOr<v1::Client>)>;

  // The client in CLIENT_VIEW_FULL. NOT_FOUND: neither connected nor a record.
  void GetClient(const std::string& client_id, ClientDone done);

  void ListClients(const ClientQuery& query,
                   absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done);

  // The client in CLIENT_VIEW_FULL as it is after the change. NOT_FOUND: not connected, and
  // `allow_missing` is false; others as of ApplyChange.
  void ChangeMetadata(const std::string& client_id, const RecordChange& change, bool allow_missing,
                      ClientDone done);

 private:
  // The client as far as the directory knows it. `record` may be null.
  v1::Client BasicView(const std::string& client_id, const Directory::Client* client,
                       const Record* record) const;
  void FillConnections(std::vector<v1::Client> clients,
                       absl::AnyInvocable<void(std::vector<v1::Client>)> done);
  void AnswerOne(const std::string& client_id, const Record* record, ClientDone done);

  const std::string replica_id_;
  Backplane& backplane_;
  Edge& edge_;
  Directory& directory_;
  Publisher::Post post_;
};

}  // namespace sluice
