#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/backplane/redis/kept/redis_blocks.h"
#include "control/backplane/redis/kept/redis_history.h"
#include "control/backplane/redis/kept/redis_records.h"
#include "control/backplane/redis/link/redis_link.h"
#include "control/backplane/redis/redis_commands.h"
#include "control/backplane/redis/redis_membership.h"
#include "control/backplane/redis/redis_subscriptions.h"

namespace sluice {

struct RedisOptions {
  RedisUrl url;
  RedisTlsFiles tls;
  std::string prefix = "sluice:";  // Of keys and channels.
  std::string replica_id;
  absl::Duration record_ttl;
  HistoryOptions history;
};

// The backplane over Redis: one connection for commands, one for subscriptions, both to the server
// that takes writes.
//
// A subscription is confirmed to the listener when Redis has confirmed it and a numbered message
// has come on the same connection since, so that position() is of this connection by then.
class RedisBackplane : public Backplane, public RedisLink::Owner {
 public:
  // Beyond so many bytes that Redis has not taken, publishes are refused (RESOURCE_EXHAUSTED,
  // reason PUBLISH_BACKLOG).
  static constexpr std::size_t kUnsentBytes = std::size_t{64} << 20;

  // `io_context`: the cluster thread's; outlives this.
  RedisBackplane(RedisOptions options, boost::asio::io_context& io_context);
  ~RedisBackplane() override;

  void Start(Listener& listener) override;
  void AwaitJoin(absl::AnyInvocable<void(absl::Status)> done) override;
  void Leave(absl::AnyInvocable<void()> done) override;
  void Publish(Message message, absl::AnyInvocable<void(PublishedOr)> done) override;
  void KeepAnswer(const std::string& claim_key, std::string answer) override;
  void ReadAnswer(
      const std::string& claim_key,
      absl::AnyInvocable<void(absl::StatusOr<std::optional<std::string>>)> done) override;
  void SendToReplica(const std::string& replica_id, std::string payload) override;
  void SendToReplicas(std::string payload) override;
  void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) override;
  void Unsubscribe(const std::string& channel) override;
  EventNumber position() const override { return position_; }
  void ReadHistory(HistoryQuery query,
                   absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) override;
  void ReadRecord(
      const std::string& client_id,
      absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) override;
  void ChangeRecord(const std::string& client_id, const RecordChange& change,
                    absl::AnyInvocable<void(absl::StatusOr<ChangedRecord>)> done) override;
  void DeleteRecord(const std::string& client_id,
                    absl::AnyInvocable<void(PublishedOr)> done) override;
  void BlockClient(const std::string& client_id, absl::Duration duration, std::string payload,
                   absl::AnyInvocable<void(PublishedOr)> done) override;
  void ReadBlocked(absl::AnyInvocable<void(absl::StatusOr<std::vector<Blocked>>)> done) override;
  void RenewRecords(const std::vector<std::string>& client_ids) override;
  Health health() const override { return parts_->membership.health(); }

 private:
  // Made when there is a listener.
  struct Parts {
    Parts(const RedisOptions& options, boost::asio::io_context& io_context, Listener& listener,
          RedisLink::Owner& owner);
    ~Parts();
    // Both links begin again.
    void Reset(const std::string& why);
    std::unique_ptr<RedisLocator> locator;
    RedisLink command_link;
    RedisLink subscription_link;
    RedisCommands commands;
    RedisRecords records;
    RedisBlocks blocks;
    RedisHistory history;
    RedisSubscriptions subscriptions;
    RedisMembership membership;
  };

  // RedisLink::Owner
  void OnLinkUp(RedisLink& link) override;
  void OnLinkDown(RedisLink& link, const std::string& why) override;

  void SubscribeOwnChannels();
  void ReportIfListening();
  void OnPush(const redisReply& reply);
  void OnMessage(std::string_view channel, std::string_view message);
  void OnNumbered(std::string_view channel, const EventNumber& number, std::string_view payload);
  void GoLive();
  std::string ClaimKey(const std::string& claim_key) const;

  const RedisOptions options_;
  boost::asio::io_context& io_context_;
  Listener* listener_ = nullptr;
  std::unique_ptr<Parts> parts_;
  EventNumber position_;
  bool was_up_ = false;        // The subscription link, since the last interruption.
  bool is_listening_ = false;  // Redis has confirmed all channels of this connection.
  bool is_live_ = false;       // And a numbered message has come on it since.
  // Confirmed by Redis while not live.
  std::vector<absl::AnyInvocable<void()>> confirmed_;
};

}  // namespace sluice
