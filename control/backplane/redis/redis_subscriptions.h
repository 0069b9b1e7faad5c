#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "control/backplane/redis/link/redis_connection.h"
#include "control/backplane/redis/redis_names.h"

namespace sluice {

// The channels that one connection is subscribed to, and shall be (Redis, "Pub/Sub").
//
// What is wanted and what is so may differ: an UNSUBSCRIBE is put off, so that leaving and joining
// costs nothing; who comes while one is under way is subscribed again after it.
//
// Owner:  the backplane.
// Thread: the io_context's.
// Limits: one entry a channel that is wanted or still subscribed; kBatch channels a command.
class RedisSubscriptions {
 public:
  static constexpr std::size_t kBatch = 512;
  static constexpr std::chrono::milliseconds kUnsubscribeDelay{1000};

  // `on_revoked`: Redis has ended a subscription by itself, because the channel's slot has moved.
  RedisSubscriptions(boost::asio::io_context& io_context, const PubSubWords& words,
                     std::function<void()> on_revoked);

  // `done` is called when Redis has confirmed, perhaps before this returns. Names are Redis's own.
  void Subscribe(const std::string& channel, absl::AnyInvocable<void()> done);
  void Unsubscribe(const std::string& channel);

  // What is wanted is subscribed on this connection, before what is asked for from now on.
  void OnConnected(RedisConnection& connection);

  // The connection is gone: forgets every channel.
  void Clear();

  // True when the push was a confirmation.
  bool OnPush(const redisReply& reply);

 private:
  enum class Actual : std::uint8_t { kNone, kQueued, kSubscribing, kSubscribed, kUnsubscribing };
  struct Channel {
    bool is_wanted = false;
    bool is_unsubscribe_due = false;  // In due_.
    Actual actual = Actual::kNone;
    std::vector<absl::AnyInvocable<void()>> waiting;
  };
  struct Due {
    std::chrono::steady_clock::time_point time;
    std::string channel;
  };

  void Queue(const std::string& channel);
  void ScheduleSend();
  void SendQueued();
  void SendBatches(std::string_view command, const std::vector<std::string>& channels);
  void OnSubscribed(const std::string& name);
  void OnUnsubscribed(const std::string& name);
  void PutOffUnsubscribe(const std::string& name, Channel& channel);
  void ScheduleUnsubscribes();
  void SendUnsubscribes();

  boost::asio::io_context& io_context_;
  const PubSubWords& words_;
  const std::function<void()> on_revoked_;
  boost::asio::steady_timer unsubscribe_timer_;
  RedisConnection* connection_ = nullptr;  // Null while there is none.
  bool is_send_scheduled_ = false;
  std::vector<std::string> queued_;  // To be subscribed in this turn of the loop, in this order.
  std::deque<Due> due_;              // In order of time.
  absl::flat_hash_map<std::string, Channel> channels_;
};

}  // namespace sluice
