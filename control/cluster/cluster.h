#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/cluster/asio_scheduler.h"
#include "control/cluster/gather.h"
#include "control/cluster/interest.h"
#include "control/cluster/members.h"
#include "control/cluster/replica_view.h"
#include "control/cluster/streams.h"
#include "control/counts/cluster_counts.h"
#include "control/presence/client_blocks.h"
#include "control/presence/client_changes.h"
#include "control/presence/directory.h"
#include "control/presence/local_clients.h"
#include "control/presence/presence.h"
#include "control/presence/watch/client_watches.h"
#include "control/presence/watch/presence_feed.h"
#include "control/publish/publisher.h"
#include "control/resume/history_list.h"
#include "control/resume/live_feed.h"
#include "control/resume/splices.h"
#include "edge/base/clock.h"
#include "edge/base/mailbox.h"
#include "edge/connection_observer.h"
#include "edge/edge.h"

namespace sluice {

struct ClusterOptions {
  std::string replica_id;
  absl::Duration record_ttl;
  HistoryOptions history;  // The backplane's.
  std::size_t resume_cache_bytes_max = std::size_t{64} << 20;
  std::size_t replay_page_bytes_max = std::size_t{256} << 10;
};

// This replica's part of the cluster: between the RPCs, the backplane and the edge.
// Owner:  the server, after the edge's observer is needed and before the edge is gone: made first,
//         started when there is an edge, stopped when the edge has stopped, destroyed after it.
// Thread: its own, the cluster thread. The public functions may be called from any thread; their
//         `done` is called on the cluster thread, that of Publish by the thread that has the
//         answer.
// Errors: UNAVAILABLE after Stop, besides those of Publisher and Presence.
class Cluster : public ConnectionObserver,
                public Backplane::Listener,
                public Interest::Listener,
                public LiveFeed::Owner,
                public Splices::Owner,
                public Gather::Answerer {
 public:
  // `io_context` is run by the cluster thread, and outlives this and the backplane.
  Cluster(ClusterOptions options, const Clock& clock, boost::asio::io_context& io_context,
          Backplane& backplane);
  ~Cluster() override;

  // Streams that came before wait for it. `health_changed` is called on the cluster thread.
  void Start(Edge& edge, std::function<void()> health_changed);

  // Waits until this replica is part of the cluster. UNAVAILABLE: the backplane is away, which will
  // change; ALREADY_EXISTS: another replica has this one's id.
  absl::Status AwaitJoin();

  // Tells the other replicas, and ends the thread.
  void Stop();

  // Whether new streams are welcome, as other replicas are told.
  void set_ready(bool is_ready) { is_ready_.store(is_ready, std::memory_order_relaxed); }

  // Whose streams the edge is to refuse; outlives it.
  const BlockedClients& blocked_clients() const { return blocked_clients_; }

  void Publish(PublishCommand command, PublishDone done);
  void GetClient(std::string client_id, Presence::ClientDone done);
  void ListClients(ClientQuery query, absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done);
  void ChangeMetadata(std::string client_id, RecordChange change, bool allow_missing,
                      Presence::ClientDone done);

  void ChangeGroups(GroupsCommand command, ClientChanges::ChangedDone done);
  void Disconnect(DisconnectCommand command, ClientChanges::DisconnectDone done);
  void DeleteClient(std::string client_id, absl::AnyInvocable<void(absl::Status)> done);
  void ListGroups(GroupQuery query, absl::AnyInvocable<void(absl::StatusOr<GroupPage>)> done);

  void ListHistory(HistoryListQuery query,
                   absl::AnyInvocable<void(absl::StatusOr<v1::ListHistoryResponse>)> done);

  // Every replica that is known, sorted by id.
  void ListReplicas(absl::AnyInvocable<void(absl::StatusOr<std::vector<ReplicaView>>)> done);

  // Runs the task with the watches of clients, on the cluster thread.
  void Watch(absl::AnyInvocable<void(ClientWatches&)> task);

  void ReadCounts(absl::AnyInvocable<void(ClusterCounts)> done);

  // ConnectionObserver
  void OnConnectionOpened(OpenedConnection connection) override;
  void OnConnectionClosed(ConnectionId id, EndReason reason) override;

 private:
  // Backplane::Listener
  void OnMessage(const std::string& channel, const EventNumber& number,
                 std::string_view payload) override;
  void OnReplicaMessage(std::string_view payload) override;
  void OnInterrupted() override;
  void OnMembers(std::vector<Backplane::Member> members, const EventNumber& number) override;
  void OnMemberReported(const std::string& replica_id) override;
  void OnMemberLeft(const std::string& replica_id) override;
  void OnHealthChanged() override;
  // Interest::Listener
  void OnChannelSubscribed(ConnectionId id) override;
  void OnSubscribedAgain() override;
  void OnChannelReleased(const std::string& channel) override;
  // LiveFeed::Owner
  void OnEvent(const std::string& channel, const EventNumber& number, std::uint64_t order,
               std::string_view payload, absl::Duration age, bool is_missed) override;
  void OnRecordsRead(std::vector<std::pair<std::string, std::shared_ptr<const Record>>> records,
                     const EventNumber& read_at) override;
  void OnWhole() override;
  // Splices::Owner
  bool IsWhole() const override { return feed_->is_whole(); }
  bool OnRecordRead(ConnectionId id, std::shared_ptr<const Record> record,
                    const EventNumber& read_at) override;
  void OnLive(ConnectionId id, const EventNumber& position) override;
  std::string DescribeReplica() override;
  // Gather::Answerer
  void Answer(const internal::v1::Question& question, Gather::AnswerDone done) override;

  void OnClientMessage(const std::string& client_id, const EventNumber& number,
                       const internal::v1::Envelope& envelope);
  void OnDisconnect(const std::string& client_id, const EventNumber& number,
                    const internal::v1::Envelope& envelope);
  internal::v1::ReplicaDescription Describe() const;
  void ScheduleRenewal();

  const ClusterOptions options_;
  Backplane& backplane_;
  const Clock& clock_;
  boost::asio::io_context& io_context_;
  AsioScheduler scheduler_;
  const absl::Time start_time_;
  Mailbox mailbox_;
  boost::asio::steady_timer renewal_timer_;
  Edge* edge_ = nullptr;  // Set by Start.
  BlockedClients blocked_clients_;
  Interest interest_;
  Directory directory_;
  Members members_;
  std::uint64_t received_count_ = 0;
  std::uint64_t interruption_count_ = 0;
  std::unique_ptr<LiveFeed> feed_;
  std::unique_ptr<Splices> splices_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<LocalClients> local_clients_;
  std::unique_ptr<Gather> gather_;
  std::unique_ptr<Presence> presence_;
  std::unique_ptr<ClientWatches> watches_;
  std::unique_ptr<PresenceFeed> presence_feed_;
  std::unique_ptr<ClientChanges> changes_;
  std::unique_ptr<ClientBlocks> blocks_;
  std::unique_ptr<Streams> streams_;
  // Written by the server, read by the cluster thread; guards nothing.
  std::atomic<bool> is_ready_{false};
  std::function<void()> health_changed_;
  std::thread thread_;
};

}  // namespace sluice
