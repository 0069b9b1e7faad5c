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

Cluster::Cluster(std::string replica_id, absl::Duration record_ttl, const Clock& clock,
                 asio::io_context& io_context, Backplane& backplane)
    : replica_id_(std::move(replica_id)),
      record_ttl_(record_ttl),
      backplane_(backplane),
      clock_(clock),
      io_context_(io_context),
      start_time_(clock.Now()),
      mailbox_([this] { asio::post(io_context_, [this] { mailbox_.Drain(); }); }),
      renewal_timer_(io_context_),
      interest_(backplane, *this),
      members_(replica_id_, clock) {
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
  publisher_ = std::make_unique<Publisher>(replica_id_, io_context_, clock_, backplane_, edge,
                                           interest_, post);
  local_clients_ = std::make_unique<LocalClients>(replica_id_, edge, directory_, post);
  client_gather_ = std::make_unique<ClientGather>(replica_id_, io_context_, backplane_, members_,
                                                  *local_clients_);
  presence_ = std::make_unique<Presence>(backplane_, *client_gather_, *publisher_);
  asio::post(io_context_, [this] { ScheduleRenewal(); });
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
    add(replica_id_, Describe(), absl::ZeroDuration());
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
  // After the subscription, so that no change of the record is missed between the two.
  ReadRecordOf(id, found->second.opened);
}

void Cluster::ReadRecordOf(ConnectionId id, const OpenedConnection& opened) {
  ReadOrBeginRecord(backplane_, opened.client_id, opened.metadata,
                    [this, id](absl::StatusOr<std::shared_ptr<const Record>> record) {
                      OnRecordRead(id, std::move(record));
                    });
}

void Cluster::OnRecordRead(ConnectionId id, absl::StatusOr<std::shared_ptr<const Record>> record) {
  const auto found = joining_.find(id);
  if (found == joining_.end()) return;
  // A stream that goes live now would miss what comes until everything is subscribed again, and the
  // record may be older than changes that were missed.
  if (absl::IsUnavailable(record.status()) || interest_.is_catching_up()) {
    return unread_.push_back(id);
  }
  if (!record.ok()) {
    Log(spdlog::level::warn, "a client's record could not be read",
        {{"error", std::string(record.status().message())}});
  }
  const OpenedConnection opened = std::move(found->second.opened);
  joining_.erase(found);
  live_.emplace(id, directory_.Add(opened, record.ok() ? *std::move(record) : nullptr));
  edge_->GoLive(id, backplane_.position(), order_.Advance(backplane_.position()));
}

void Cluster::Leave(ConnectionId id) {
  if (const auto joining = joining_.extract(id); !joining.empty()) {
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
  const std::uint64_t order = order_.Advance(number);
  const auto envelope = DecodeEnvelope(payload);
  if (!envelope.ok()) {
    Log(spdlog::level::warn, "ignored a message of the backplane",
        {{"channel", channel}, {"error", std::string(envelope.status().message())}});
    return;
  }
  if (envelope->has_event()) return publisher_->OnEvent(channel, number, order, *envelope);
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
  if (!interrupted_at_.has_value()) interrupted_at_ = backplane_.position();
  interest_.OnInterrupted();
  if (!interest_.is_catching_up()) interrupted_at_.reset();  // There are no streams.
}

void Cluster::OnCaughtUp() {
  const EventNumber from = *std::exchange(interrupted_at_, std::nullopt);
  const EventNumber to = backplane_.position();
  Log(spdlog::level::warn, "streams may have missed events while Redis was away",
      {{"from", from.ToString()}, {"to", to.ToString()}});
  edge_->TellGap(from.epoch == to.epoch ? "backplane_interrupted" : "epoch_changed", from, to);
  // Changes were missed too.
  for (const std::string& client_id : directory_.ClientIds()) {
    Directory::Client* client = directory_.Find(client_id);
    // Versions of another run of Redis compare with nothing.
    if (from.epoch != to.epoch) client->record = nullptr;
    ReadRecordAgain(client_id);
  }
  ReadUnread();
}

void Cluster::ReadRecordAgain(const std::string& client_id) {
  backplane_.ReadRecord(client_id, [this, client_id](auto record) {
    Directory::Client* client = directory_.Find(client_id);
    if (client == nullptr) return;
    if (absl::IsUnavailable(record.status())) stale_.insert(client_id);
    if (record.ok()) Directory::SetRecord(*client, *std::move(record));
  });
}

void Cluster::ReadUnread() {
  for (const ConnectionId id : std::exchange(unread_, {})) {
    const auto found = joining_.find(id);
    if (found != joining_.end()) ReadRecordOf(id, found->second.opened);
  }
  for (const std::string& client_id : std::exchange(stale_, {})) ReadRecordAgain(client_id);
}

void Cluster::OnMembers(std::vector<Backplane::Member> members) {
  members_.Update(std::move(members));
  publisher_->set_silent_replicas(members_.silent_count());
  if (!interest_.is_catching_up()) ReadUnread();
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
  renewal_timer_.expires_after(absl::ToChronoMilliseconds(record_ttl_ / 4));
  renewal_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    backplane_.RenewRecords(directory_.ClientIds());
    ScheduleRenewal();
  });
}

}  // namespace sluice
