#include "control/cluster/publisher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "control/backplane/channel.h"
#include "control/cluster/envelope.h"
#include "control/request/error_reason.h"
#include "edge/log/log.h"

namespace sluice {
namespace {

// How often deadlines are looked at while something waits.
constexpr auto kDeadlineTick = std::chrono::milliseconds(25);

// What an event on its way costs besides its bytes.
constexpr std::size_t kEventOverheadBytes = 512;

absl::Status NotSent(std::string_view why) {
  return WithReason(absl::UnavailableError(absl::string_view(why.data(), why.size())), "NOT_SENT");
}

}  // namespace

Publisher::Publisher(boost::asio::io_context& io_context, const Clock& clock, Backplane& backplane,
                     Edge& edge, const Interest& interest, Post post)
    : deadline_timer_(io_context),
      clock_(clock),
      backplane_(backplane),
      edge_(edge),
      interest_(interest),
      post_(std::move(post)) {}

void Publisher::Publish(PublishCommand command, PublishDone done) {
  if (in_flight_bytes_ < kInFlightBytes && waiting_.empty()) {
    return Send(std::move(command), std::move(done));
  }
  if (waiting_bytes_ >= kWaitingBytes) {
    return done(WithReason(
        absl::ResourceExhaustedError("streams are behind and too many publishes wait; slow down"),
        "PUBLISH_BACKLOG"));
  }
  waiting_bytes_ += command.payload.size() + kEventOverheadBytes;
  waiting_.push_back({std::move(command), std::move(done)});
}

void Publisher::SendWaiting() {
  while (!waiting_.empty() && in_flight_bytes_ < kInFlightBytes) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.command.payload.size() + kEventOverheadBytes;
    if (clock_.Now() >= next.command.deadline) {
      next.done(NotSent("the deadline came before the event could be sent; streams are behind"));
      continue;
    }
    Send(std::move(next.command), std::move(next.done));
  }
}

void Publisher::Send(PublishCommand command, PublishDone done) {
  std::string channel = ChannelOf(command.target);
  std::string payload = std::exchange(command.payload, {});
  backplane_.Publish(std::move(channel), std::move(payload),
                     [this, command = std::move(command), done = std::move(done)](
                         absl::StatusOr<Backplane::Published> published) mutable {
                       if (!published.ok()) return done(published.status());
                       OnPublished(*published, std::move(command), std::move(done));
                     });
}

void Publisher::OnPublished(const Backplane::Published& published, PublishCommand command,
                            PublishDone done) {
  v1::Delivery delivery;
  delivery.set_event_id(command.custom_id.empty() ? published.number.ToString()
                                                  : command.custom_id);
  if (!command.is_confirmed) return done(std::move(delivery));
  delivery.set_connections(0);
  if (published.receivers == 0) return done(std::move(delivery));
  const absl::Time deadline =
      std::min(command.deadline - kAnswerMargin, clock_.Now() + kConfirmationWait);
  const std::uint64_t sequence = published.number.sequence;
  pending_.emplace(sequence,
                   Pending{std::move(delivery), published.receivers, deadline, std::move(done)});
  deadlines_.emplace(deadline, sequence);
  ScheduleDeadlines();
}

void Publisher::OnMessage(const std::string& channel, const EventNumber& number,
                          std::string_view payload) {
  const std::uint64_t sequence = number.sequence;
  const auto acknowledge_nobody = [this, sequence] {
    post_([this, sequence] { OnDelivered(sequence, 0, {}); });
  };
  const auto target = TargetOf(channel);
  auto event = DecodeEnvelope(payload, number);
  if (!target.has_value() || !event.ok()) {
    if (!event.ok() && !absl::IsNotFound(event.status())) {
      Log(spdlog::level::warn, "ignored a message of the backplane",
          {{"channel", channel}, {"error", std::string(event.status().message())}});
    }
    return acknowledge_nobody();
  }
  const std::size_t cost = event->bytes->size() + kEventOverheadBytes;
  in_flight_bytes_ += cost;
  edge_.Deliver(interest_.ShardsOf(channel), *target, std::move(event->filter),
                std::move(event->bytes), [this, sequence, cost](FanOutResult result) {
                  post_([this, sequence, cost, result] { OnDelivered(sequence, cost, result); });
                });
}

void Publisher::OnDelivered(std::uint64_t sequence, std::size_t cost, FanOutResult result) {
  in_flight_bytes_ -= cost;
  const auto pending = pending_.find(sequence);
  if (pending != pending_.end()) {
    v1::Delivery& delivery = pending->second.delivery;
    delivery.set_connections(delivery.connections() + result.entered);
    delivery.set_dropped(delivery.dropped() + result.dropped);
    delivery.set_replicas(delivery.replicas() + 1);
    if (--pending->second.acks_missing == 0) Answer(pending);
  }
  if (!waiting_.empty()) SendWaiting();
}

void Publisher::Answer(absl::flat_hash_map<std::uint64_t, Pending>::iterator pending) {
  Pending answered = std::move(pending->second);
  deadlines_.erase({answered.deadline, pending->first});
  pending_.erase(pending);
  answered.delivery.set_unconfirmed_replicas(answered.acks_missing);
  answered.done(std::move(answered.delivery));
}

void Publisher::ScheduleDeadlines() {
  if (is_deadline_scheduled_) return;
  is_deadline_scheduled_ = true;
  deadline_timer_.expires_after(kDeadlineTick);
  deadline_timer_.async_wait([this](const boost::system::error_code& error) {
    is_deadline_scheduled_ = false;
    if (!error) OnDeadlines();
  });
}

void Publisher::OnDeadlines() {
  const absl::Time now = clock_.Now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Answer(pending_.find(deadlines_.begin()->second));
  }
  if (!deadlines_.empty()) ScheduleDeadlines();
}

void Publisher::Stop() {
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    waiting.done(NotSent("the server is stopping"));
  }
  while (!pending_.empty()) Answer(pending_.begin());
}

}  // namespace sluice
