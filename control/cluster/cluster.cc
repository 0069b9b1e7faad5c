#include "control/cluster/cluster.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "edge/base/check.h"
#include "edge/log/log.h"

namespace sluice {

namespace asio = boost::asio;

Cluster::Cluster(ClusterOptions options, const Clock& clock, asio::io_context& io_context,
                 Backplane& backplane)
    : options_(std::move(options)),
      backplane_(backplane),
      clock_(clock),
      io_context_(io_context),
      scheduler_(io_context, clock),
      start_time_(clock.Now()),
      mailbox_([this] { asio::post(io_context_, [this] { mailbox_.Drain(); }); }),
      renewal_timer_(io_context_),
      blocked_clients_(clock),
      interest_(backplane, *this),
      members_(options_.replica_id, clock) {
  backplane_.Start(*this);
}

Cluster::~Cluster() {
  Stop();
}

void Cluster::Start(Edge& edge, std::function<void()> health_changed) {
  edge_ = &edge;
  health_changed_ = std::move(health_changed);
  const Publisher::Post post = [this](absl::AnyInvocable<void()> task) {
    mailbox_.Push(std::move(task));
  };
  feed_ = std::make_unique<LiveFeed>(scheduler_, options_.history.is_on(),
                                     options_.resume_cache_bytes_max, backplane_, edge, *this);
  splices_ = std::make_unique<Splices>(
      scheduler_, ResumeOptions{options_.history.is_on(), options_.replay_page_bytes_max},
      backplane_, feed_->ring(), feed_->order(), edge, post, *this);
  publisher_ =
      std::make_unique<Publisher>(options_.replica_id, io_context_, clock_, backplane_, edge,
                                  interest_, members_, options_.history, feed_->ring(), post);
  local_clients_ = std::make_unique<LocalClients>(options_.replica_id, edge, directory_, post);
  gather_ = std::make_unique<Gather>(options_.replica_id, io_context_, backplane_, members_, *this);
  presence_ = std::make_unique<Presence>(backplane_, *gather_);
  watches_ = std::make_unique<ClientWatches>(options_.replica_id, scheduler_, *gather_, members_);
  presence_feed_ = std::make_unique<PresenceFeed>(
      options_.replica_id, scheduler_,
      [this](const auto& ids, auto done) { local_clients_->Describe(ids, std::move(done)); },
      [this](const internal::v1::PresenceChanges& changes) { watches_->OnChanges(changes); },
      [this](const internal::v1::PresenceChanges& changes) {
        internal::v1::Envelope envelope;
        *envelope.mutable_presence_changes() = changes;
        backplane_.SendToReplicas(EncodeEnvelope(std::move(envelope)));
      });
  directory_.set_listener(presence_feed_.get());
  changes_ = std::make_unique<ClientChanges>(backplane_, *presence_, *gather_, *publisher_);
  streams_ = std::make_unique<Streams>(options_.history.is_on(), backplane_, interest_, directory_,
                                       edge, *feed_, *splices_);
  blocks_ = std::make_unique<ClientBlocks>(
      backplane_, blocked_clients_, [this](const std::string& client_id) {
        edge_->End(streams_->IdsOf(client_id, ""), {}, [](FanOutResult) {});
      });
  asio::post(io_context_, [this] {
    ScheduleRenewal();
    feed_->Start();
  });
  thread_ = std::thread([this] {
    const auto keeps_running = asio::make_work_guard(io_context_);
    io_context_.run();
  });
}

absl::Status Cluster::AwaitJoin() {
  std::promise<absl::Status> joined;
  mailbox_.Push([this, &joined] {
    backplane_.AwaitJoin([this, &joined](absl::Status status) {
      if (!status.ok()) return joined.set_value(std::move(status));
      blocks_->Read([&joined](absl::Status read) { joined.set_value(std::move(read)); });
    });
  });
  return joined.get_future().get();
}

void Cluster::Stop() {
  if (!thread_.joinable()) return;
  mailbox_.Push([this] {
    publisher_->Stop();
    feed_->Stop();
    backplane_.Leave([this] { io_context_.stop(); });
  });
  thread_.join();
}

void Cluster::Publish(PublishCommand command, PublishDone done) {
  mailbox_.Push([this, command = std::move(command), done = std::move(done)]() mutable {
    publisher_->Publish(std::move(command), std::move(done));
  });
}

void Cluster::GetClient(std::string client_id, Presence::ClientDone done) {
  mailbox_.Push([this, client_id = std::move(client_id), done = std::move(done)]() mutable {
    presence_->GetClient(client_id, std::move(done));
  });
}

void Cluster::ListClients(ClientQuery query,
                          absl::AnyInvocable<void(absl::StatusOr<ClientPage>)> done) {
  mailbox_.Push([this, query = std::move(query), done = std::move(done)]() mutable {
    presence_->ListClients(query, std::move(done));
  });
}

void Cluster::ChangeMetadata(std::string client_id, RecordChange change, bool allow_missing,
                             Presence::ClientDone done) {
  mailbox_.Push([this, client_id = std::move(client_id), change = std::move(change), allow_missing,
                 done = std::move(done)]() mutable {
    changes_->ChangeMetadata(client_id, change, allow_missing, std::move(done));
  });
}

void Cluster::ChangeGroups(GroupsCommand command, ClientChanges::ChangedDone done) {
  mailbox_.Push([this, command = std::move(command), done = std::move(done)]() mutable {
    changes_->ChangeGroups(command, std::move(done));
  });
}

void Cluster::Disconnect(DisconnectCommand command, ClientChanges::DisconnectDone done) {
  mailbox_.Push([this, command = std::move(command), done = std::move(done)]() mutable {
    changes_->Disconnect(command, std::move(done));
  });
}

void Cluster::DeleteClient(std::string client_id, absl::AnyInvocable<void(absl::Status)> done) {
  mailbox_.Push([this, client_id = std::move(client_id), done = std::move(done)]() mutable {
    changes_->Delete(client_id, std::move(done));
  });
}

void Cluster::ListGroups(GroupQuery query,
                         absl::AnyInvocable<void(absl::StatusOr<GroupPage>)> done) {
  mailbox_.Push([this, query = std::move(query), done = std::move(done)]() mutable {
    presence_->ListGroups(query, std::move(done));
  });
}

void Cluster::ListHistory(HistoryListQuery query,
                          absl::AnyInvocable<void(absl::StatusOr<v1::ListHistoryResponse>)> done) {
  mailbox_.Push([this, query = std::move(query), done = std::move(done)]() mutable {
    sluice::ListHistory(backplane_, query, std::move(done));
  });
}

void Cluster::ListReplicas(
    absl::AnyInvocable<void(absl::StatusOr<std::vector<ReplicaView>>)> done) {
  mailbox_.Push([this, done = std::move(done)]() mutable {
    const absl::Time now = clock_.Now();
    std::vector<ReplicaView> replicas = {{options_.replica_id, Describe(), now}};
    for (const Members::Member& other : members_.Others()) {
      internal::v1::ReplicaDescription described;
      described.ParseFromString(other.told.description);
      described.set_ready(described.ready() && other.is_answering);
      replicas.emplace_back(other.told.replica_id, described, now - other.silence);
    }
    std::sort(replicas.begin(), replicas.end(),
              [](const auto& a, const auto& b) { return a.replica_id < b.replica_id; });
    done(std::move(replicas));
  });
}

void Cluster::Watch(absl::AnyInvocable<void(ClientWatches&)> task) {
  mailbox_.Push([this, task = std::move(task)]() mutable { task(*watches_); });
}

void Cluster::ReadCounts(absl::AnyInvocable<void(ClusterCounts)> done) {
  mailbox_.Push([this, done = std::move(done)]() mutable {
    ClusterCounts counts;
    counts.published = publisher_->published_count();
    counts.received = received_count_;
    counts.interruptions = interruption_count_;
    splices_->AddTo(counts);
    counts.resume_cache_bytes = feed_->ring().size_bytes();
    counts.replicas = members_.Others().size() + 1;
    done(std::move(counts));
  });
}

void Cluster::OnConnectionOpened(OpenedConnection connection) {
  mailbox_.Push([this, connection = std::move(connection)]() mutable {
    streams_->Open(std::move(connection));
  });
}

void Cluster::OnConnectionClosed(ConnectionId id, EndReason reason) {
  mailbox_.Push([this, id, reason] { streams_->Close(id, reason); });
}

void Cluster::OnChannelSubscribed(ConnectionId id) {
  streams_->OnChannelSubscribed(id);
}

bool Cluster::OnRecordRead(ConnectionId id, std::shared_ptr<const Record> record,
                           const EventNumber& read_at) {
  return streams_->OnRecordRead(id, std::move(record), read_at);
}

void Cluster::OnLive(ConnectionId id, const EventNumber& position) {
  streams_->OnLive(id, position);
}

void Cluster::OnMessage(const std::string& channel, const EventNumber& number,
                        std::string_view payload) {
  ++received_count_;
  const auto envelope = DecodeEnvelope(payload);
  if (!envelope.ok()) {
    Log(spdlog::level::warn, "ignored a message of the backplane",
        {{"channel", channel}, {"error", std::string(envelope.status().message())}});
    return;
  }
  if (envelope->has_event() && feed_->is_whole()) {
    // How many got it is not known any more, so its caller is told of no answer.
    if (feed_->HasDelivered(number)) return;
    return publisher_->OnEvent(channel, number, feed_->order().Advance(number), *envelope);
  }
  if (envelope->has_event()) {
    // Its caller is told that nobody here was to get it, or else nothing now.
    if (interest_.ShardsOf(channel).empty()) {
      return publisher_->Acknowledge(envelope->ack_to(), number, {});
    }
    return feed_->Hold(channel, number, payload);
  }
  const auto target = TargetOf(channel);
  if (!target.has_value() || target->kind != Target::Kind::kClient) return;
  OnClientMessage(target->name, number, *envelope);
}

void Cluster::OnClientMessage(const std::string& client_id, const EventNumber& number,
                              const internal::v1::Envelope& envelope) {
  if (envelope.has_disconnect()) return OnDisconnect(client_id, number, envelope);
  // Others are of kinds that a later version knows.
  const Streams::Ack ack(nullptr, [this, ack_to = envelope.ack_to(), number](void*) {
    publisher_->Acknowledge(ack_to, number, {});
  });
  if (envelope.has_record()) {
    streams_->OnRecord(client_id, number, envelope.record(), ack);
  } else if (envelope.has_connection_groups()) {
    streams_->OnConnectionGroups(client_id, number, envelope.connection_groups(), ack);
  }
}

void Cluster::OnDisconnect(const std::string& client_id, const EventNumber& number,
                           const internal::v1::Envelope& envelope) {
  const internal::v1::Disconnect& told = envelope.disconnect();
  if (told.block_ms() > 0) blocks_->Block(client_id, absl::Milliseconds(told.block_ms()));
  const Dismissal dismissal = {told.message(), absl::Milliseconds(told.reconnect_after_ms())};
  edge_->End(streams_->IdsOf(client_id, told.connection_id()), dismissal,
             [this, ack_to = envelope.ack_to(), number](FanOutResult result) {
               mailbox_.Push([this, ack_to, number, result] {
                 publisher_->Acknowledge(ack_to, number, result);
               });
             });
}

void Cluster::OnReplicaMessage(std::string_view payload) {
  auto envelope = DecodeEnvelope(payload);
  if (!envelope.ok()) return;
  if (envelope->has_acks()) {
    publisher_->OnAcks(envelope->acks());
  } else if (envelope->has_question()) {
    gather_->OnQuestion(envelope->question());
  } else if (envelope->has_answer()) {
    gather_->OnAnswer(std::move(*envelope->mutable_answer()));
  } else if (envelope->has_presence_changes() &&
             envelope->presence_changes().replica_id() != options_.replica_id) {
    watches_->OnChanges(envelope->presence_changes());
  }
}

void Cluster::Answer(const internal::v1::Question& question, Gather::AnswerDone done) {
  if (question.has_clients()) {
    return local_clients_->Answer(question.clients(), [done = std::move(done)](auto part) mutable {
      internal::v1::Answer answer;
      *answer.mutable_clients() = std::move(part);
      done(std::move(answer));
    });
  }
  internal::v1::Answer answer;
  if (question.has_groups()) {
    *answer.mutable_groups() = local_clients_->Answer(question.groups());
  } else if (question.has_block()) {
    blocks_->Block(question.block().client_id(),
                   absl::Milliseconds(question.block().duration_ms()));
    answer.mutable_block();
  } else if (question.has_watch()) {
    *answer.mutable_watch() =
        presence_feed_->Extend(question.reply_to() == options_.replica_id,
                               absl::Milliseconds(question.watch().duration_ms()));
  } else {
    return;  // Of a kind that a later version knows.
  }
  done(std::move(answer));
}

void Cluster::OnInterrupted() {
  ++interruption_count_;
  blocks_->OnInterrupted();
  watches_->OnInterrupted();
  feed_->OnInterrupted();
  interest_.OnInterrupted();
  if (!interest_.is_catching_up()) OnSubscribedAgain();  // There are no streams.
}

void Cluster::OnSubscribedAgain() {
  feed_->OnSubscribedAgain(interest_.SubscribedChannels(), directory_.ClientIds());
}

void Cluster::OnChannelReleased(const std::string& channel) {
  feed_->OnChannelReleased(channel);
}

void Cluster::OnEvent(const std::string& channel, const EventNumber& number, std::uint64_t order,
                      std::string_view payload, absl::Duration age, bool is_missed) {
  auto envelope = DecodeEnvelope(payload);
  if (!envelope.ok() || !envelope->has_event()) return;
  if (is_missed) envelope->clear_ack_to();
  publisher_->OnEvent(channel, number, order, *envelope, age);
}

void Cluster::OnRecordsRead(
    std::vector<std::pair<std::string, std::shared_ptr<const Record>>> records,
    const EventNumber& read_at) {
  streams_->OnRecordsRead(records, read_at);
}

void Cluster::OnWhole() {
  streams_->BeginUnbegun();
}

void Cluster::OnMembers(std::vector<Backplane::Member> members, const EventNumber& number) {
  members_.Update(std::move(members), number);
  publisher_->set_silent_replicas(members_.silent_count());
  if (feed_->is_whole()) streams_->BeginUnbegun();
  if (backplane_.health().is_ok) blocks_->ReadIfMissing();
  watches_->OnMembers();
}

void Cluster::OnMemberReported(const std::string& replica_id) {
  members_.OnReported(replica_id);
}

void Cluster::OnMemberLeft(const std::string& replica_id) {
  members_.Remove(replica_id);
  watches_->OnMemberLeft(replica_id);
}

void Cluster::OnHealthChanged() {
  // From now on what the others tell is heard; what was read before may lack what they told since.
  if (backplane_.health().is_ok) {
    blocks_->ReadAgain();
    watches_->OnHeardAgain();
  }
  health_changed_();
}

internal::v1::ReplicaDescription Cluster::Describe() const {
  internal::v1::ReplicaDescription description;
  description.set_software_version(SLUICE_VERSION);
  description.set_start_time_us(absl::ToUnixMicros(start_time_));
  description.set_connections(static_cast<std::int64_t>(edge_->connection_count()));
  description.set_ready(is_ready_.load(std::memory_order_relaxed));
  return description;
}

std::string Cluster::DescribeReplica() {
  return Describe().SerializeAsString();
}

void Cluster::ScheduleRenewal() {
  // A quarter of the time to live: three renewals may fail before a connected client's record goes.
  renewal_timer_.expires_after(absl::ToChronoMilliseconds(options_.record_ttl / 4));
  renewal_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    backplane_.RenewRecords(directory_.ClientIds());
    ScheduleRenewal();
  });
}

}  // namespace sluice
