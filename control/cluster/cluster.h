#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/cluster/directory.h"
#include "control/cluster/interest.h"
#include "control/cluster/presence.h"
#include "control/publish/publisher.h"
#include "edge/base/clock.h"
#include "edge/base/mailbox.h"
#include "edge/connection_observer.h"
#include "edge/edge.h"

namespace sluice {

// This replica's part of the cluster: between the RPCs, the backplane and the edge.
// Owner:  the server, after the edge's observer is needed and before the edge is gone: made first,
//         started when there is an edge, stopped when the edge has stopped, destroyed after it.
// Thread: its own, the cluster thread. The public functions may be called from any thread; their
//         `done` is called on the cluster thread, that of Publish by the thread that has the
//         answer.
// Errors: UNAVAILABLE after Stop, besides those of Publisher and Presence.
class Cluster : public ConnectionObserver, public Backplane::Listener {
 public:
  Cluster(std::string replica_id, absl::Duration record_ttl, const Clock& clock,
          Backplane& backplane);
  ~Cluster() override;

  // Streams that came before wait for it.
  void Start(Edge& edge);
  void Stop();

  void Publish(PublishCommand command, PublishDone done);
  void GetClient(std::string client_id, Presence::ClientDone done);
  void ListClients(ClientQuery query, absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done);
  void ChangeMetadata(std::string client_id, RecordChange change, bool allow_missing,
                      Presence::ClientDone done);

  // ConnectionObserver
  void OnConnectionOpened(OpenedConnection connection) override;
  void OnConnectionClosed(ConnectionId id, EndReason reason) override;

 private:
  // A connection whose channels are not all subscribed yet.
  struct Joining {
    OpenedConnection opened;
    int channels_missing;
  };

  // Backplane::Listener
  void OnMessage(const std::string& channel, const EventNumber& number,
                 std::string_view payload) override;
  void OnRecordChanged(const std::string& client_id, std::shared_ptr<const Record> record) override;

  void Join(OpenedConnection opened);
  void Leave(ConnectionId id);
  void Release(ConnectionId id, const std::string& client_id,
               const std::vector<std::string>& groups);
  void OnChannelSubscribed(ConnectionId id);
  void OnRecordRead(ConnectionId id, absl::StatusOr<std::shared_ptr<const Record>> record);
  void ScheduleRenewal();

  const std::string replica_id_;
  const absl::Duration record_ttl_;
  Backplane& backplane_;
  const Clock& clock_;
  boost::asio::io_context io_context_{1};
  Mailbox mailbox_;
  boost::asio::steady_timer renewal_timer_;
  Edge* edge_ = nullptr;  // Set by Start.
  Interest interest_;
  Directory directory_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Presence> presence_;
  absl::flat_hash_map<ConnectionId, Joining> joining_;
  absl::flat_hash_map<ConnectionId, Directory::Client*> live_;
  std::thread thread_;
};

}  // namespace sluice
