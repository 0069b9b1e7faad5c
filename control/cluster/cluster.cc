#include "control/cluster/cluster.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "control/backplane/channel.h"
#include "control/backplane/initial_record.h"
#include "control/message/envelope.h"
#include "edge/base/check.h"
#include "edge/log/log.h"

namespace sluice {
namespace {

namespace asio = boost::asio;

std::vector<std::string> ChannelsOf(const std::string& client_id,
                                    const std::vector<std::string>& groups) {
  std::vector<std::string> channels = {std::string(kAllChannel), ClientChannel(client_id)};
  for (const std::string& group : groups) channels.push_back(GroupChannel(group));
  return channels;
}

}  // namespace

Cluster::Cluster(ClusterOptions options, const Clock& clock, asio::io_context& io_context,
                 Backplane& backplane)
    : options_(std::move(options)),
      backplane_(backplane),
      clock_(clock),
      io_context_(io_context),
      start_time_(clock.Now()),
      mailbox_([this] { asio::post(io_context_, [this] { mailbox_.Drain(); }); }),
      renewal_timer_(io_context_),
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
  feed_ = std::make_unique<LiveFeed>(io_context_, options_.history.is_on(),
                                     options_.resume_cache_bytes_max, backplane_, edge, *this);
  splices_ = std::make_unique<Splices>(
      io_context_, ResumeOptions{options_.history.is_on(), options_.replay_page_bytes_max},
      backplane_, feed_->ring(), feed_->order(), edge, post, *this);
  publisher_ = std::make_unique<Publisher>(options_.replica_id, io_context_, clock_, backplane_,
                                           edge, interest_, options_.history, feed_->ring(), post);
  local_clients_ = std::make_unique<LocalClients>(options_.replica_id, edge, directory_, post);
  client_gather_ = std::make_unique<ClientGather>(options_.replica_id, io_context_, backplane_,
                                                  members_, *local_clients_);
  presence_ = std::make_unique<Presence>(backplane_, *client_gather_, *publisher_);
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
    backplane_.AwaitJoin([&joined](absl::Status status) { joined.set_value(std::move(status)); });
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
    presence_->ChangeMetadata(client_id, change, allow_missing, std::move(done));
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
    std::vector<ReplicaView> replicas;
    const auto add = [&](const std::string& id, const internal::v1::ReplicaDescription& described,
                         absl::Duration silence) {
      replicas.push_back({id, described.software_version(),
                          absl::FromUnixMicros(described.start_time_us()), described.connections(),
                          now - silence, described.ready()});
    };
    add(options_.replica_id, Describe(), absl::ZeroDuration());
    for (const Members::Member& other : members_.Others()) {
      internal::v1::ReplicaDescription described;
      described.ParseFromString(other.told.description);
      described.set_ready(described.ready() && other.is_answering);
      add(other.told.replica_id, described, other.silence);
    }
    std::sort(replicas.begin(), replicas.end(),
              [](const auto& a, const auto& b) { return a.replica_id < b.replica_id; });
    done(std::move(replicas));
  });
}

void Cluster::OnConnectionOpened(OpenedConnection connection) {
  mailbox_.Push(
      [this, connection = std::move(connection)]() mutable { Join(std::move(connection)); });
}

void Cluster::OnConnectionClosed(ConnectionId id, EndReason) {
  mailbox_.Push([this, id] { Leave(id); });
}

void Cluster::Join(OpenedConnection opened) {
  const ConnectionId id = opened.id;
  const auto channels = ChannelsOf(opened.client_id, opened.groups);
  joining_.emplace(id, Joining{std::move(opened), static_cast<int>(channels.size())});
  for (const std::string& channel : channels) {
    interest_.Hold(channel, id);
  }
}

void Cluster::OnChannelSubscribed(ConnectionId id) {
  const auto found = joining_.find(id);
  if (found == joining_.end()) return;  // It has left meanwhile.
  if (--found->second.channels_missing > 0) return;
  BeginRecordOf(id, found->second.opened);
}

void Cluster::BeginRecordOf(ConnectionId id, const OpenedConnection& opened) {
  const auto splice = [this, id](const absl::Status& begun) {
    const auto found = joining_.find(id);
    if (found == joining_.end()) return;
    if (absl::IsUnavailable(begun)) return unbegun_.push_back(id);
    if (!begun.ok()) {
      Log(spdlog::level::warn, "a client's record could not be begun",
          {{"error", std::string(begun.message())}});
    }
    const OpenedConnection& joining = found->second.opened;
    std::vector<ResumeSpan> spans;
    for (std::string& channel : ChannelsOf(joining.client_id, joining.groups)) {
      spans.push_back({std::move(channel), 0});
    }
    splices_->Add(joining, std::move(spans));
  };
  if (opened.metadata.empty()) return splice(absl::OkStatus());
  ReadOrBeginRecord(backplane_, opened.client_id, opened.metadata,
                    [splice](const auto& record) { splice(record.status()); });
}

void Cluster::BeginUnbegun() {
  for (const ConnectionId id : std::exchange(unbegun_, {})) {
    const auto found = joining_.find(id);
    if (found != joining_.end()) BeginRecordOf(id, found->second.opened);
  }
}

bool Cluster::OnRecordRead(ConnectionId id, std::shared_ptr<const Record> record) {
  joining_.at(id).record = std::move(record);
  return true;
}

void Cluster::OnLive(ConnectionId id) {
  const auto joined = joining_.extract(id);
  live_.emplace(id, directory_.Add(joined.mapped().opened, joined.mapped().record));
}

void Cluster::Leave(ConnectionId id) {
  if (const auto joining = joining_.extract(id); !joining.empty()) {
    splices_->Remove(id);
    const OpenedConnection& opened = joining.mapped().opened;
    return Release(id, opened.client_id, opened.groups);
  }
  const auto live = live_.extract(id);
  SLUICE_CHECK(!live.empty());
  Directory::Client* client = live.mapped();
  const std::string client_id = client->id;
  Release(id, client_id, directory_.Remove(client, id));
}

void Cluster::Release(ConnectionId id, const std::string& client_id,
                      const std::vector<std::string>& groups) {
  for (const std::string& channel : ChannelsOf(client_id, groups)) {
    interest_.Release(channel, id);
  }
}

void Cluster::OnMessage(const std::string& channel, const EventNumber& number,
                        std::string_view payload) {
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
    if (interest_.ShardsOf(channel).empty()) return publisher_->Acknowledge(*envelope, number);
    return feed_->Hold(channel, number, payload);
  }
  if (!envelope->has_record()) return;  // Of a kind that a later version knows.
  OnRecord(channel, envelope->record());
  publisher_->Acknowledge(*envelope, number);
}

void Cluster::OnRecord(const std::string& channel, const internal::v1::RecordMessage& message) {
  const auto target = TargetOf(channel);
  if (!target.has_value() || target->kind != Target::Kind::kClient) return;
  Directory::Client* client = directory_.Find(target->name);
  if (client == nullptr) return;
  auto record = std::make_shared<Record>();
  record->metadata = message.metadata();
  record->version = message.version();
  Directory::SetRecord(*client, std::move(record));
}

void Cluster::OnReplicaMessage(std::string_view payload) {
  auto envelope = DecodeEnvelope(payload);
  if (!envelope.ok()) return;
  if (envelope->has_acks()) {
    publisher_->OnAcks(envelope->acks());
  } else if (envelope->has_client_question()) {
    client_gather_->OnQuestion(envelope->client_question());
  } else if (envelope->has_client_answer()) {
    client_gather_->OnAnswer(std::move(*envelope->mutable_client_answer()));
  }
}

void Cluster::OnInterrupted() {
  feed_->OnInterrupted();
  interest_.OnInterrupted();
  if (!interest_.is_catching_up()) OnSubscribedAgain();  // There are no streams.
}

void Cluster::OnSubscribedAgain() {
  feed_->OnSubscribedAgain(interest_.Channels(), directory_.ClientIds());
}

void Cluster::OnChannelReleased(const std::string& channel) {
  feed_->OnChannelReleased(channel);
}

void Cluster::OnEvent(const std::string& channel, const EventNumber& number, std::uint64_t order,
                      std::string_view payload, bool is_missed) {
  auto envelope = DecodeEnvelope(payload);
  if (!envelope.ok() || !envelope->has_event()) return;
  if (is_missed) envelope->clear_ack_to();
  publisher_->OnEvent(channel, number, order, *envelope);
}

void Cluster::OnRecordsRead(
    std::vector<std::pair<std::string, std::shared_ptr<const Record>>> records, bool is_new_epoch) {
  for (auto& [client_id, record] : records) {
    Directory::Client* client = directory_.Find(client_id);
    if (client == nullptr) continue;
    // Versions of another run of Redis compare with nothing.
    if (is_new_epoch) client->record = nullptr;
    Directory::SetRecord(*client, std::move(record));
  }
}

void Cluster::OnMembers(std::vector<Backplane::Member> members) {
  members_.Update(std::move(members));
  publisher_->set_silent_replicas(members_.silent_count());
  if (feed_->is_whole()) BeginUnbegun();
}

void Cluster::OnMemberReported(const std::string& replica_id) {
  members_.OnReported(replica_id);
}

void Cluster::OnMemberLeft(const std::string& replica_id) {
  members_.Remove(replica_id);
}

void Cluster::OnHealthChanged() {
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
