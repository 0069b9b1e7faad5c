#include "control/backplane/redis/redis_subscriptions.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using std::chrono::steady_clock;

}  // namespace

RedisSubscriptions::RedisSubscriptions(boost::asio::io_context& io_context,
                                       const PubSubWords& words, std::function<void()> on_revoked)
    : io_context_(io_context),
      words_(words),
      on_revoked_(std::move(on_revoked)),
      unsubscribe_timer_(io_context) {}

void RedisSubscriptions::Subscribe(const std::string& name, absl::AnyInvocable<void()> done) {
  Channel& channel = channels_[name];
  channel.is_wanted = true;
  if (channel.actual == Actual::kSubscribed) return done();
  channel.waiting.push_back(std::move(done));
  if (channel.actual == Actual::kNone) Queue(name);
}

void RedisSubscriptions::Unsubscribe(const std::string& name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  channel.is_wanted = false;
  channel.waiting.clear();
  if (channel.actual == Actual::kSubscribed) return PutOffUnsubscribe(name, channel);
  if (channel.actual != Actual::kQueued) return;
  // While Redis is away streams come and go, and nothing of them may stay.
  channels_.erase(found);
}

void RedisSubscriptions::Queue(const std::string& name) {
  channels_[name].actual = Actual::kQueued;
  // Without a connection OnConnected finds it.
  if (connection_ == nullptr) return;
  queued_.push_back(name);
  ScheduleSend();
}

// One command for all that is asked for in one turn of the loop.
void RedisSubscriptions::ScheduleSend() {
  if (is_send_scheduled_) return;
  is_send_scheduled_ = true;
  boost::asio::post(io_context_, [this] {
    is_send_scheduled_ = false;
    SendQueued();
  });
}

void RedisSubscriptions::SendQueued() {
  if (connection_ == nullptr) return;
  std::vector<std::string> wanted;
  for (std::string& name : std::exchange(queued_, {})) {
    const auto found = channels_.find(name);
    // Given up meanwhile, or given up and asked for again.
    if (found == channels_.end() || found->second.actual != Actual::kQueued) continue;
    found->second.actual = Actual::kSubscribing;
    wanted.push_back(std::move(name));
  }
  SendBatches(words_.subscribe, wanted);
}

void RedisSubscriptions::SendBatches(std::string_view command,
                                     const std::vector<std::string>& channels) {
  for (std::size_t begin = 0; begin < channels.size(); begin += kBatch) {
    const std::size_t end = std::min(begin + kBatch, channels.size());
    std::vector<std::string_view> arguments = {command};
    arguments.insert(arguments.end(), channels.begin() + static_cast<std::ptrdiff_t>(begin),
                     channels.begin() + static_cast<std::ptrdiff_t>(end));
    connection_->Send(arguments, nullptr);
  }
}

void RedisSubscriptions::OnConnected(RedisConnection& connection) {
  connection_ = &connection;
  for (const auto& [name, channel] : channels_) queued_.push_back(name);
  ScheduleSend();
}

void RedisSubscriptions::Clear() {
  connection_ = nullptr;
  queued_.clear();
  due_.clear();
  unsubscribe_timer_.cancel();
  channels_.clear();
}

bool RedisSubscriptions::OnPush(const redisReply& reply) {
  const auto elements = ElementsOf(reply);
  if (elements.size() != 3) return false;
  const std::string_view kind = TextOf(*elements[0]);
  if (kind == words_.subscribed) {
    OnSubscribed(std::string(TextOf(*elements[1])));
  } else if (kind == words_.unsubscribed) {
    OnUnsubscribed(std::string(TextOf(*elements[1])));
  } else {
    return false;
  }
  return true;
}

void RedisSubscriptions::OnSubscribed(const std::string& name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  channel.actual = Actual::kSubscribed;
  if (!channel.is_wanted) return PutOffUnsubscribe(name, channel);
  for (auto& done : std::exchange(channel.waiting, {})) done();
}

void RedisSubscriptions::OnUnsubscribed(const std::string& name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  if (found->second.actual != Actual::kUnsubscribing) return on_revoked_();
  if (found->second.is_wanted) return Queue(name);
  channels_.erase(found);
}

void RedisSubscriptions::PutOffUnsubscribe(const std::string& name, Channel& channel) {
  if (channel.is_unsubscribe_due) return;
  channel.is_unsubscribe_due = true;
  due_.push_back({steady_clock::now() + kUnsubscribeDelay, name});
  if (due_.size() == 1) ScheduleUnsubscribes();
}

void RedisSubscriptions::ScheduleUnsubscribes() {
  unsubscribe_timer_.expires_at(due_.front().time);
  unsubscribe_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) SendUnsubscribes();
  });
}

void RedisSubscriptions::SendUnsubscribes() {
  if (connection_ == nullptr) return;
  std::vector<std::string> unwanted;
  const auto now = steady_clock::now();
  while (!due_.empty() && due_.front().time <= now) {
    const std::string name = std::move(due_.front().channel);
    due_.pop_front();
    Channel& channel = channels_.at(name);
    channel.is_unsubscribe_due = false;
    if (channel.is_wanted || channel.actual != Actual::kSubscribed) continue;
    channel.actual = Actual::kUnsubscribing;
    unwanted.push_back(name);
  }
  SendBatches(words_.unsubscribe, unwanted);
  if (!due_.empty()) ScheduleUnsubscribes();
}

}  // namespace sluice
