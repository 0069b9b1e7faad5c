#include "control/backplane/redis/redis_backplane.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "control/backplane/redis/locate/make_redis_locator.h"
#include "control/backplane/redis/redis_names.h"
#include "control/backplane/redis/scripts/redis_scripts.h"
#include "control/request/error_reason.h"
#include "edge/log/log.h"

namespace sluice {
namespace {

// How long a request_id is remembered.
constexpr char kClaimTtlMs[] = "600000";
// The elements of publish.lua's answer when the claim was taken before.
constexpr std::size_t kEarlierElements = 5;

bool IsSharded(const RedisOptions& options) {
  return options.url.kind == RedisUrl::Kind::kCluster;
}

}  // namespace

RedisBackplane::Parts::Parts(const RedisOptions& options, boost::asio::io_context& io_context,
                             Listener& listener, RedisLink::Owner& owner)
    : locator(MakeRedisLocator(io_context, options.url, options.tls,
                               RedisCommands::NamePrefix(options.prefix, IsSharded(options)),
                               [this](const std::string& why) { Reset(why); })),
      command_link(io_context, options.url, options.tls,
                   absl::StrCat("sluice-commands:", options.replica_id),
                   RedisScripts(IsSharded(options)), *locator, owner),
      subscription_link(io_context, options.url, options.tls,
                        absl::StrCat("sluice-subscriptions:", options.replica_id), {}, *locator,
                        owner),
      commands(command_link, options.prefix, IsSharded(options)),
      records(commands, options.replica_id, options.record_ttl),
      blocks(commands),
      history(commands, options.history),
      subscriptions(io_context, IsSharded(options) ? kShardedPubSub : kPubSub,
                    [this] { subscription_link.OnNotMaster("the slot of channels has moved"); }),
      membership(io_context, commands, options.replica_id, listener) {}

// Who waits for the locator is told while it is still there.
RedisBackplane::Parts::~Parts() {
  locator->Stop();
}

void RedisBackplane::Parts::Reset(const std::string& why) {
  command_link.Reset(why);
  subscription_link.Reset(why);
}

RedisBackplane::RedisBackplane(RedisOptions options, boost::asio::io_context& io_context)
    : options_(std::move(options)), io_context_(io_context) {}

RedisBackplane::~RedisBackplane() = default;

void RedisBackplane::Start(Listener& listener) {
  listener_ = &listener;
  parts_ = std::make_unique<Parts>(options_, io_context_, listener, *this);
  parts_->locator->Start();
  parts_->command_link.Start();
  parts_->subscription_link.Start();
  parts_->membership.Start();
}

void RedisBackplane::AwaitJoin(absl::AnyInvocable<void(absl::Status)> done) {
  parts_->membership.AwaitJoin(std::move(done));
}

void RedisBackplane::Leave(absl::AnyInvocable<void()> done) {
  parts_->membership.Leave([this, done = std::move(done)]() mutable {
    parts_->locator->Stop();
    parts_->command_link.Stop();
    parts_->subscription_link.Stop();
    parts_->subscriptions.Clear();
    done();
  });
}

void RedisBackplane::OnLinkUp(RedisLink& link) {
  Log(spdlog::level::debug, "connected to Redis",
      {{"link", &link == &parts_->command_link ? "commands" : "subscriptions"}});
  // Found at different times, they may stand at different masters.
  RedisLink& other =
      &link == &parts_->command_link ? parts_->subscription_link : parts_->command_link;
  if (other.is_up() && other.run_id() != link.run_id()) other.Reset("the master is another one");
  if (&link == &parts_->command_link) return ReportIfListening();
  was_up_ = true;
  link.connection().SetPushHandler([this](const redisReply& reply) { OnPush(reply); });
  parts_->subscriptions.OnConnected(link.connection());
  SubscribeOwnChannels();
}

// Behind everything that is wanted already [last-channel]: commands take effect in order, and
// `replicas` and `replica:ID` come last.
void RedisBackplane::SubscribeOwnChannels() {
  const RedisCommands& commands = parts_->commands;
  parts_->subscriptions.Subscribe(commands.Name(kReplicasChannel), [] {});
  parts_->subscriptions.Subscribe(commands.replica_prefix() + options_.replica_id, [this] {
    is_listening_ = true;
    ReportIfListening();
  });
}

// Until both links stand a report could not be sent, or not come back, which would be taken for a
// failure.
void RedisBackplane::ReportIfListening() {
  if (is_listening_ && parts_->command_link.is_up()) parts_->membership.OnListening();
}

void RedisBackplane::OnLinkDown(RedisLink& link, const std::string& why) {
  const bool is_commands = &link == &parts_->command_link;
  Log(spdlog::level::debug, "no connection to Redis",
      {{"link", is_commands ? "commands" : "subscriptions"}, {"reason", why}});
  parts_->membership.OnDown(why);
  if (is_commands) return;
  is_listening_ = is_live_ = false;
  confirmed_.clear();
  // An attempt that failed changes nothing: what the listener has asked for still waits.
  if (!std::exchange(was_up_, false)) return;
  parts_->subscriptions.Clear();
  listener_->OnInterrupted();
}

void RedisBackplane::Publish(Message message, absl::AnyInvocable<void(PublishedOr)> done) {
  RedisCommands& commands = parts_->commands;
  if (parts_->command_link.is_up() &&
      parts_->command_link.connection().unsent_bytes() > kUnsentBytes) {
    return done(WithReason(
        absl::ResourceExhaustedError("Redis is behind and too many publishes wait; slow down"),
        "PUBLISH_BACKLOG"));
  }
  const std::string channel = commands.Name(message.channel);
  const std::string& members = commands.members_key();
  const std::string& replica_prefix = commands.replica_prefix();
  const std::string_view counts = message.counts_receivers ? "1" : "0";
  auto on_reply = [this, done = std::move(done)](absl::StatusOr<const redisReply*> reply) mutable {
    if (!reply.ok()) return done(reply.status());
    auto published = parts_->commands.ReadPublished(**reply);
    const auto elements = ElementsOf(**reply);
    if (published.ok() && elements.size() >= kEarlierElements) {
      Earlier& earlier = published->earlier.emplace();
      earlier.fingerprint = TextOf(*elements[3]);
      if (elements[4]->type == REDIS_REPLY_STRING) {
        earlier.answer = std::string(TextOf(*elements[4]));
      }
    }
    done(std::move(published));
  };
  const RedisHistory::Limits& kept = parts_->history.LimitsOf(message.channel, message.is_kept);
  const std::string history = parts_->history.Key(message.channel);
  if (!message.claim.has_value()) {
    return commands.Run(RedisScript::kPublish, {members, history},
                        {channel, message.payload, counts, replica_prefix, kept.events_max,
                         kept.age_ms_max, kept.bytes_max},
                        std::move(on_reply));
  }
  commands.Run(RedisScript::kPublish, {members, history, ClaimKey(message.claim->key)},
               {channel, message.payload, counts, replica_prefix, kept.events_max, kept.age_ms_max,
                kept.bytes_max, message.claim->fingerprint, kClaimTtlMs},
               std::move(on_reply));
}

std::string RedisBackplane::ClaimKey(const std::string& claim_key) const {
  return parts_->commands.Name("request:" + claim_key);
}

void RedisBackplane::KeepAnswer(const std::string& claim_key, std::string answer) {
  parts_->commands.Send({"HSET", ClaimKey(claim_key), "answer", answer});
  // The claim may be gone, and nothing must stay for ever.
  parts_->commands.Send({"PEXPIRE", ClaimKey(claim_key), kClaimTtlMs});
}

void RedisBackplane::ReadAnswer(
    const std::string& claim_key,
    absl::AnyInvocable<void(absl::StatusOr<std::optional<std::string>>)> done) {
  parts_->commands.Send({"HGET", ClaimKey(claim_key), "answer"},
                        [done = std::move(done)](absl::StatusOr<const redisReply*> reply) mutable {
                          if (!reply.ok()) return done(reply.status());
                          if ((*reply)->type != REDIS_REPLY_STRING) return done(std::nullopt);
                          done(std::string(TextOf(**reply)));
                        });
}

void RedisBackplane::SendToReplica(const std::string& replica_id, std::string payload) {
  parts_->commands.SendMessage(parts_->commands.replica_prefix() + replica_id, payload);
}

void RedisBackplane::SendToReplicas(std::string payload) {
  parts_->commands.SendMessage(parts_->commands.Name(kReplicasChannel), payload);
}

void RedisBackplane::Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) {
  parts_->subscriptions.Subscribe(parts_->commands.Name(channel),
                                  [this, done = std::move(done)]() mutable {
                                    if (is_live_) return done();
                                    confirmed_.push_back(std::move(done));
                                  });
}

void RedisBackplane::Unsubscribe(const std::string& channel) {
  parts_->subscriptions.Unsubscribe(parts_->commands.Name(channel));
}

void RedisBackplane::OnPush(const redisReply& reply) {
  if (parts_->subscriptions.OnPush(reply)) return;
  RedisLink& link = parts_->subscription_link;
  if (reply.type == REDIS_REPLY_ERROR) {
    const std::string why(StatusOf(reply).message());
    link.OnNotMaster(why);
    if (link.is_up()) link.Reset(why);
    return;
  }
  const PubSubWords& words = IsSharded(options_) ? kShardedPubSub : kPubSub;
  const auto elements = ElementsOf(reply);
  if (elements.size() != 3 || TextOf(*elements[0]) != words.is_message) return;  // PONG.
  OnMessage(TextOf(*elements[1]), TextOf(*elements[2]));
}

void RedisBackplane::OnMessage(std::string_view channel, std::string_view message) {
  const std::string& prefix = parts_->commands.name_prefix();
  if (channel.substr(0, prefix.size()) != prefix) return;
  channel.remove_prefix(prefix.size());
  if (message.substr(0, kUnnumbered.size()) == kUnnumbered) {
    const std::string_view payload = message.substr(kUnnumbered.size());
    const bool is_done =
        channel == kReplicasChannel && parts_->membership.OnReplicasMessage(payload);
    if (!is_done) listener_->OnReplicaMessage(payload);
    return;
  }
  const std::size_t space = message.find(' ');
  const auto number = EventNumber::Parse(message.substr(0, std::min(space, message.size())));
  if (space == std::string_view::npos || !number.has_value()) {
    Log(spdlog::level::warn, "ignored a message without a number",
        {{"channel", std::string(channel)}});
    return;
  }
  OnNumbered(channel, *number, message.substr(space + 1));
}

void RedisBackplane::OnNumbered(std::string_view channel, const EventNumber& number,
                                std::string_view payload) {
  // Handled as a broken subscription: what was between is read, or told.
  if (is_live_ && number.epoch != position_.epoch) {
    return parts_->subscription_link.Reset("the epoch of numbers has changed");
  }
  if (channel == kReplicasChannel) {
    parts_->membership.OnReplicasMessage(payload);
  } else {
    listener_->OnMessage(std::string(channel), number, payload);
  }
  position_ = number;
  if (is_listening_ && !is_live_) GoLive();
}

void RedisBackplane::GoLive() {
  is_live_ = true;
  for (auto& done : std::exchange(confirmed_, {})) done();
}

void RedisBackplane::ReadHistory(HistoryQuery query,
                                 absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) {
  parts_->history.Read(std::move(query), std::move(done));
}

void RedisBackplane::ReadRecord(
    const std::string& client_id,
    absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)> done) {
  parts_->records.Read(client_id, std::move(done));
}

void RedisBackplane::ChangeRecord(const std::string& client_id, const RecordChange& change,
                                  absl::AnyInvocable<void(absl::StatusOr<ChangedRecord>)> done) {
  parts_->records.Change(client_id, change, std::move(done));
}

void RedisBackplane::DeleteRecord(const std::string& client_id,
                                  absl::AnyInvocable<void(PublishedOr)> done) {
  parts_->records.Delete(client_id, std::move(done));
}

void RedisBackplane::BlockClient(const std::string& client_id, absl::Duration duration,
                                 std::string payload, absl::AnyInvocable<void(PublishedOr)> done) {
  parts_->blocks.Block(client_id, duration, payload, std::move(done));
}

void RedisBackplane::ReadBlocked(
    absl::AnyInvocable<void(absl::StatusOr<std::vector<Blocked>>)> done) {
  parts_->blocks.Read(std::move(done));
}

void RedisBackplane::RenewRecords(const std::vector<std::string>& client_ids) {
  parts_->records.Renew(client_ids);
}

}  // namespace sluice
