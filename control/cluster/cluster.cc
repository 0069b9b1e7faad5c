#include "control/cluster/cluster.h"

#include <boost/asio/post.hpp>

#include <utility>
#include <vector>

#include "control/backplane/channel.h"
#include "control/backplane/initial_record.h"
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
                 Backplane& backplane)
    : replica_id_(std::move(replica_id)),
      record_ttl_(record_ttl),
      backplane_(backplane),
      clock_(clock),
      mailbox_([this] { asio::post(io_context_, [this] { mailbox_.Drain(); }); }),
      renewal_timer_(io_context_),
      interest_(backplane) {
  backplane_.Start(*this);
}

Cluster::~Cluster() {
  Stop();
}

void Cluster::Start(Edge& edge) {
  edge_ = &edge;
  const Publisher::Post post = [this](absl::AnyInvocable<void()> task) {
    mailbox_.Push(std::move(task));
  };
  publisher_ = std::make_unique<Publisher>(io_context_, clock_, backplane_, edge, interest_, post);
  presence_ = std::make_unique<Presence>(replica_id_, backplane_, edge, directory_, post);
  asio::post(io_context_, [this] { ScheduleRenewal(); });
  thread_ = std::thread([this] {
    const auto keeps_running = asio::make_work_guard(io_context_);
    io_context_.run();
  });
}

void Cluster::Stop() {
  if (!thread_.joinable()) return;
  mailbox_.Push([this] {
    publisher_->Stop();
    io_context_.stop();
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
    interest_.Hold(channel, id.shard_index(), [this, id] { OnChannelSubscribed(id); });
  }
}

void Cluster::OnChannelSubscribed(ConnectionId id) {
  const auto found = joining_.find(id);
  if (found == joining_.end()) return;  // It has left meanwhile.
  if (--found->second.channels_missing > 0) return;
  // After the subscription, so that no change of the record is missed between the two.
  const OpenedConnection& opened = found->second.opened;
  ReadOrBeginRecord(backplane_, opened.client_id, opened.metadata,
                    [this, id](absl::StatusOr<std::shared_ptr<const Record>> record) {
                      OnRecordRead(id, std::move(record));
                    });
}

void Cluster::OnRecordRead(ConnectionId id, absl::StatusOr<std::shared_ptr<const Record>> record) {
  const auto found = joining_.find(id);
  if (found == joining_.end()) return;
  if (!record.ok()) {
    Log(spdlog::level::warn, "a client's record could not be read",
        {{"error", std::string(record.status().message())}});
  }
  const OpenedConnection opened = std::move(found->second.opened);
  joining_.erase(found);
  live_.emplace(id, directory_.Add(opened, record.ok() ? *std::move(record) : nullptr));
  edge_->GoLive(id, backplane_.position());
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
    interest_.Release(channel, id.shard_index());
  }
}

void Cluster::OnMessage(const std::string& channel, const EventNumber& number,
                        std::string_view payload) {
  publisher_->OnMessage(channel, number, payload);
}

void Cluster::OnRecordChanged(const std::string& client_id, std::shared_ptr<const Record> record) {
  Directory::Client* client = directory_.Find(client_id);
  if (client != nullptr) client->record = std::move(record);
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
